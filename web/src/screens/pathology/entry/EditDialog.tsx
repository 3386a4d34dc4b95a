import { Dialog, StepForm, toast } from "../../../kit";
import { useRead } from "../../../net/hooks";
import { type CaseHeadFragment, PathologyDepartments, UpdatePathology } from "../../../operations";
import { options, useCatalogue } from "../facts";
import { words as shared } from "../words";
import { words } from "./words";

interface Props {
  readonly row: CaseHeadFragment;
  readonly close: () => void;
  readonly reload: () => Promise<void>;
}

/** Changes a draft's request. */
export function EditDialog({ row, close, reload }: Props) {
  const say = words();
  const common = shared();
  const organs = options(useCatalogue("ORGAN"));
  const classes = options(useCatalogue("DIAGNOSTIC_CLASS"));
  const { data } = useRead(PathologyDepartments, {});
  const places = (data?.departments.nodes ?? []).filter(
    (one) => one.hospital.id !== row.requesterHospital.id && one.hospital.level !== "COUNTY",
  );
  const kinds = (["ROUTINE", "FROZEN", "CYTOLOGY", "SECOND_OPINION"] as const).map((value) => ({
    value,
    label: common.kind[value],
  }));
  return (
    <Dialog title={say.editTitle} onClose={close} wide>
      {data && organs.length && classes.length ? (
        <StepForm
          operation={UpdatePathology}
          row={row}
          submit={say.save}
          refresh={reload}
          cancel={close}
          done={() => {
            toast(say.saved);
            close();
            void reload();
          }}
          initial={{
            performerDepartment: row.performerDepartment?.id ?? "",
            kind: row.kind,
            liability: row.liability,
            organ: row.organ.code,
            priority: row.priority,
            question: row.question,
            history: row.history,
            preliminaryClass: row.preliminaryClass,
            preliminaryDiagnosis: row.preliminaryDiagnosis,
            consentBy: row.consentBy,
            consentRelation: row.consentRelation,
          }}
          fields={[
            {
              kind: "select",
              name: "performerDepartment",
              label: say.to,
              required: true,
              options: places.map((one) => ({ value: one.id, label: `${one.hospital.name} ${one.name}` })),
            },
            { kind: "choices", name: "kind", label: say.kind, required: true, options: kinds },
            { kind: "select", name: "organ", label: say.organ, required: true, options: organs },
            {
              kind: "choices",
              name: "liability",
              label: say.liability,
              required: true,
              options: (["CONSULTATION", "REMOTE_DIAGNOSIS"] as const).map((value) => ({
                value,
                label: common.liability[value],
              })),
            },
            {
              kind: "select",
              name: "priority",
              label: say.priority,
              options: (["ROUTINE", "URGENT", "ASAP", "STAT"] as const).map((value) => ({
                value,
                label: common.priority[value],
              })),
              when: (values) => values.kind !== "FROZEN",
            },
            { kind: "area", name: "question", label: say.question, required: true, rows: 2 },
            { kind: "area", name: "history", label: say.history, required: true },
            { kind: "select", name: "preliminaryClass", label: say.preliminaryClass, required: true, options: classes },
            { kind: "area", name: "preliminaryDiagnosis", label: say.preliminaryDiagnosis, required: false, rows: 2 },
            { kind: "text", name: "consentBy", label: say.consentBy, hint: say.consentHint, required: false },
            { kind: "text", name: "consentRelation", label: say.consentRelation, required: false },
          ]}
        />
      ) : null}
    </Dialog>
  );
}
