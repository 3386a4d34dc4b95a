import { useEffect, useState } from "preact/hooks";
import { can } from "../net/session";
import { UnmaskPatient, type UnmaskPatientData } from "../operations";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { StepForm } from "./StepForm";
import { toast } from "./Toast";
import { words } from "./words";

/** The whole numbers of a patient, as the answer to one request shows them. */
export type Numbers = NonNullable<NonNullable<UnmaskPatientData["unmaskPatient"]>["unmasking"]>;

/** The whole numbers of one case while they are shown: nowhere else, and gone when another case is. */
export function useNumbers(id: string) {
  const [numbers, setNumbers] = useState<Numbers | null>(null);
  useEffect(() => () => setNumbers(null), [id]);
  return [numbers, setNumbers] as const;
}

interface Props {
  /** The referral or pathology case that is open. */
  readonly id: string;
  readonly shown: Numbers | null;
  readonly change: (numbers: Numbers | null) => void;
}

/** Shows a patient's whole numbers for a reason, which is written down, and hides them again. */
export function Unmask({ id, shown, change }: Props) {
  const say = words();
  const [asking, setAsking] = useState(false);
  if (!can("unmask_patient")) return null;
  return (
    <>
      <Button small aria-pressed={shown !== null} onClick={() => (shown ? change(null) : setAsking(true))}>
        {say.wholeNumbers}
      </Button>
      {asking ? (
        <Dialog title={say.wholeNumbers} onClose={() => setAsking(false)}>
          <StepForm
            operation={UnmaskPatient}
            row={null}
            extra={{ id }}
            fields={[{ kind: "reason", name: "reason", catalogue: "UNMASK", comment: "comment", label: say.whyUnmask, required: true }]}
            submit={say.unmask}
            cancel={() => setAsking(false)}
            done={({ unmaskPatient }) => {
              setAsking(false);
              change(unmaskPatient?.unmasking ?? null);
              toast(say.unmasked);
            }}
          >
            <p class="aside">{say.unmaskHint}</p>
          </StepForm>
        </Dialog>
      ) : null}
    </>
  );
}
