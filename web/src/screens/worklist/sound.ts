/** What a new referral that cannot wait sounds like: two rising notes. */
import { sound } from "../../kit/sound";

export const arriving = sound("worklist", "off", [
  [0, 660],
  [0.22, 880],
]);
