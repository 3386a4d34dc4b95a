/** What a new call sounds like: two short tones, twice. */
import { sound } from "../../kit/sound";

export const calling = sound("offers", "on", [
  [0, 880],
  [0.22, 1175],
  [0.6, 880],
  [0.82, 1175],
]);
