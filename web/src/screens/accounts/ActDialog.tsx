import { Dialog, StepForm } from "../../kit";
import { type AccountRowFragment, DeactivatePerson, ResetSecondFactor, UnlockPerson } from "../../operations";
import { words } from "./words";

/** What can be done to an account beside a link. */
export type Act = "close" | "unlock" | "reset";

const OPERATIONS = { close: DeactivatePerson, unlock: UnlockPerson, reset: ResetSecondFactor } as const;

interface Props {
  readonly act: Act;
  readonly row: AccountRowFragment;
  readonly close: () => void;
  readonly done: (told: string) => void;
}

/** Asks once more, and does it. */
export function ActDialog({ act, row, close, done }: Props) {
  const say = words();
  const [title, sure, word, told] = {
    close: [say.closeOf(row.name), say.closeSure(row.name), say.close, say.closed],
    unlock: [say.unlockOf(row.name), say.unlockSure(row.name), say.unlock, say.unlocked],
    reset: [say.resetOf(row.name), say.resetSure(row.name), say.reset, say.wasReset],
  }[act] as [string, string, string, string];
  return (
    <Dialog title={title} onClose={close}>
      <StepForm
        operation={OPERATIONS[act] as typeof DeactivatePerson}
        row={null}
        fields={[]}
        extra={{ id: row.id }}
        submit={word}
        danger={act !== "unlock"}
        cancel={close}
        done={() => done(told)}
      >
        <p>{sure}</p>
      </StepForm>
    </Dialog>
  );
}
