import { signal } from "@preact/signals";
import { Dialog } from "../kit";
import { known } from "./keys";
import { words } from "./words";

/** Whether the list of keys is on the page. */
export const helpShown = signal(false);

/** Every key that works on this page now. */
export function HelpDialog() {
  return (
    <Dialog title={words().help} onClose={() => (helpShown.value = false)}>
      <table class="keys">
        <tbody>
          {known.value.flat().map((one) => (
            <tr key={one.keys}>
              <th scope="row">
                {one.keys.split(" ").map((part) => (
                  <kbd key={part}>{part}</kbd>
                ))}
              </th>
              <td>{one.does}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}
