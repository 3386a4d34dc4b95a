import { Button, StepForm } from "../../kit";
import { DiscardDraft } from "../../operations";
import { words } from "./words";

interface Props {
  /** The server's draft; null when it is only here. */
  readonly row: { readonly id: string; readonly version: number } | null;
  readonly done: () => void;
  readonly cancel: () => void;
}

/** Gives a draft up: with a coded reason where the server holds it, else at once. */
export function Discard({ row, done, cancel }: Props) {
  const say = words();
  if (!row) {
    return (
      <>
        <p>{say.discardHere}</p>
        <div class="row">
          <Button kind="danger" onClick={done}>
            {say.discard}
          </Button>
          <Button kind="quiet" onClick={cancel}>
            {say.keep}
          </Button>
        </div>
      </>
    );
  }
  return (
    <StepForm
      operation={DiscardDraft}
      row={row}
      fields={[
        {
          kind: "reason",
          name: "reason",
          catalogue: "CANCEL",
          comment: "comment",
          label: say.discardReason,
          required: true,
        },
      ]}
      initial={{ reason: "CREATED_IN_ERROR" }}
      submit={say.discard}
      danger
      done={done}
      cancel={cancel}
    >
      <p>{say.discardServer}</p>
    </StepForm>
  );
}
