import { time } from "../../kit";
import { online } from "../../net/line";
import type { Values } from "./form";
import type { Saving } from "./saving";
import { words } from "./words";

/** Where the draft is kept, in a few words: here, and on the server since when. */
export function SavingState({ value, saving }: { readonly value: Values; readonly saving: Saving }) {
  const say = words();
  const at = saving.savedAt ? time(new Date(saving.savedAt).toISOString()) : "";
  const text =
    saving.state === "saved" && value.server
      ? say.savedServer(value.server.number, at)
      : saving.state === "sending"
        ? say.savingServer
        : !online.value
          ? say.savedHereCut
          : saving.state === "waiting" && saving.problem?.kind === "refused"
            ? say.savedHereRefused
            : value.server
              ? say.savingSoon
              : say.savedHere;
  return (
    <p class="saving aside" role="status" data-state={saving.state}>
      {text}
    </p>
  );
}
