import { useRef, useState } from "preact/hooks";
import { Loading } from "../../kit";
import { useLater } from "../worklist/view";
import { words } from "./words";

/** Adds files to a leg that is under way; `reload` brings those that have arrived. */
export function AddFiles({ referral, reload }: { readonly referral: string; readonly reload: () => Promise<void> }) {
  const say = words();
  const [open, setOpen] = useState(false);
  const [turn, setTurn] = useState(0);
  const waiting = useRef(0);
  const Sending = useLater(() => import("./Sending"), open);

  function onWaiting(count: number): void {
    const arrived = waiting.current > 0 && count === 0;
    waiting.current = count;
    // What has arrived moves into the list above; the sender begins anew unless something was added meanwhile.
    if (arrived) void reload().then(() => waiting.current || setTurn((before) => before + 1));
  }

  return (
    <details class="add-files no-print" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{say.addFiles}</summary>
      {!open ? null : Sending ? <Sending key={turn} referral={referral} there={[]} onWaiting={onWaiting} /> : <Loading />}
    </details>
  );
}
