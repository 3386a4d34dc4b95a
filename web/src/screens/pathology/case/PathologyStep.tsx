import { type StepField, StepForm } from "../../../kit";
import { useRead } from "../../../net/hooks";
import { call } from "../../../net/client";
import * as wire from "../../../operations";
import type { CaseHeadFragment, CaseMovedFragment } from "../../../operations";
import { options, useCatalogue } from "../facts";
import { Defects, defectsOnWire, opinionFields, ReaderField } from "./fields";
import { words } from "./words";

/** A case as the steps need it. */
export type StepCase = CaseHeadFragment & {
  readonly slides?: readonly { barcode: string; withdrawnAt: string | null }[];
};

/** The steps that have a form here, the most usual first. */
export const STEPS = [
  "submitPathology",
  "acknowledgeReport",
  "recordFinalResult",
  "fixPathology",
  "supplyMaterial",
  "passQuality",
  "failQuality",
  "claimPathology",
  "assignPathology",
  "startReading",
  "confirmReservation",
  "givePreliminaryOpinion",
  "requestMaterial",
  "requestSecondRead",
  "giveSecondOpinion",
  "nameAdjudicator",
  "adjudicateOpinion",
  "reserveFrozen",
  "referPathology",
  "reassignPathology",
  "declareUndiagnosable",
  "declineReading",
  "cancelPathology",
] as const;

/** The name of such a step. */
export type StepName = (typeof STEPS)[number];

/** Steps that end or give up something. */
export const DANGEROUS: readonly string[] = [
  "failQuality",
  "declareUndiagnosable",
  "declineReading",
  "cancelPathology",
];

interface Props {
  readonly action: StepName;
  readonly row: StepCase;
  readonly done: (moved: CaseMovedFragment | null) => void;
  readonly refresh: () => Promise<void>;
  readonly cancel: () => void;
}

type Moved = Record<string, { pathologyCase: CaseMovedFragment | null } | null>;

/** The form of one step on a pathology case. */
export function PathologyStep({ action, row, done, refresh, cancel }: Props) {
  const say = words();
  const f = say.field;
  const label = row.availableActions.find((one) => one.action === action)?.label ?? action;
  const intro = (say.intro as Readonly<Record<string, string>>)[action];
  const classes = options(useCatalogue("DIAGNOSTIC_CLASS").filter((one) => one.code !== "NONE"));
  const common = {
    row,
    submit: label,
    refresh,
    cancel,
    danger: DANGEROUS.includes(action),
    children: intro ? <p>{intro}</p> : null,
    done: (data: unknown) => done(Object.values(data as Moved)[0]?.pathologyCase ?? null),
  };
  const department = row.performerDepartment?.id ?? "";
  const reader = <Name extends string>(
    name: Name,
    shown: string,
    more: { required?: boolean; empty?: string } = {},
  ): StepField<Name> => ({
    kind: "custom",
    name,
    label: shown,
    required: more.required ?? true,
    render: (given) => (
      <ReaderField
        {...given}
        label={shown}
        required={more.required ?? true}
        empty={more.empty}
        department={department}
        subspecialty={row.subspecialty.code}
        without={[row.assignedTo?.id, row.secondReader?.id]}
      />
    ),
  });
  const reason = (catalogue: string): StepField<"reason" | "comment"> => ({
    kind: "reason",
    name: "reason",
    catalogue,
    comment: "comment",
    label: f.reason,
    required: true,
  });

  switch (action) {
    case "submitPathology":
      return <StepForm {...common} operation={wire.SubmitPathology} fields={[]} late />;
    case "acknowledgeReport":
      return (
        <StepForm
          {...common}
          operation={wire.AcknowledgeReport}
          fields={
            row.critical
              ? [{ kind: "area", name: "readBack", label: f.criticalBack, hint: f.criticalHint, required: true }]
              : []
          }
        >
          <p>{intro}</p>
          <blockquote>{row.conclusion}</blockquote>
        </StepForm>
      );
    case "recordFinalResult":
      return (
        <StepForm
          {...common}
          operation={wire.RecordFinalResult}
          fields={[
            { kind: "select", name: "diagnosticClass", label: f.final, options: classes, required: true },
            { kind: "area", name: "diagnosis", label: f.diagnosis, required: true },
            { kind: "concept", name: "diagnosisCode", label: f.code, system: "ICD10" },
          ]}
        />
      );
    case "fixPathology":
      return (
        <StepForm
          {...common}
          operation={wire.FixPathology}
          fields={[{ kind: "area", name: "note", label: f.fixNote, hint: f.fixHint, required: true }]}
        />
      );
    case "supplyMaterial":
      return (
        <StepForm
          {...common}
          operation={wire.SupplyMaterial}
          fields={[{ kind: "area", name: "answer", label: f.answer, hint: f.answerHint, required: true }]}
        />
      );
    case "passQuality":
      return (
        <StepForm
          {...common}
          operation={wire.PassQuality}
          fields={[{ kind: "area", name: "note", label: f.passNote, required: false, rows: 2 }]}
        />
      );
    case "failQuality": {
      const barcodes = (row.slides ?? []).filter((one) => !one.withdrawnAt).map((one) => one.barcode);
      return (
        <StepForm
          {...common}
          operation={wire.FailQuality}
          fields={[
            {
              kind: "custom",
              name: "defects",
              label: f.defects,
              required: true,
              wire: defectsOnWire,
              render: (given) => <Defects {...given} barcodes={barcodes} />,
            },
            { kind: "area", name: "note", label: f.note, required: false, rows: 2 },
          ]}
        />
      );
    }
    case "claimPathology":
      return <StepForm {...common} operation={wire.ClaimPathology} fields={[]} />;
    case "assignPathology":
      return <StepForm {...common} operation={wire.AssignPathology} fields={[reader("expert", f.expert)]} />;
    case "reassignPathology":
      return (
        <StepForm
          {...common}
          operation={wire.ReassignPathology}
          fields={[reader("expert", f.expert), reason("REASSIGN")]}
        />
      );
    case "startReading":
      return <StepForm {...common} operation={wire.StartReading} fields={[]} />;
    case "confirmReservation":
      return <StepForm {...common} operation={wire.ConfirmReservation} fields={[]} />;
    case "givePreliminaryOpinion":
      return (
        <StepForm
          {...common}
          operation={wire.GivePreliminaryOpinion}
          fields={opinionFields(classes, { phone: true })}
          late
        />
      );
    case "requestMaterial":
      return (
        <StepForm
          {...common}
          operation={wire.RequestMaterial}
          fields={[
            { kind: "codes", name: "items", catalogue: "MATERIAL", label: f.items, required: true },
            { kind: "area", name: "note", label: f.materialNote, hint: f.materialHint, required: false, rows: 2 },
            { kind: "moment", name: "dueAt", label: f.dueAt, required: false },
          ]}
        />
      );
    case "requestSecondRead":
      return (
        <StepForm
          {...common}
          operation={wire.RequestSecondRead}
          fields={[reader("secondReader", f.secondReader), ...opinionFields(classes, { optional: true })]}
        />
      );
    case "giveSecondOpinion":
      return <StepForm {...common} operation={wire.GiveSecondOpinion} fields={opinionFields(classes)} />;
    case "nameAdjudicator":
      return <StepForm {...common} operation={wire.NameAdjudicator} fields={[reader("adjudicator", f.adjudicator)]} />;
    case "adjudicateOpinion":
      return <StepForm {...common} operation={wire.AdjudicateOpinion} fields={opinionFields(classes)} />;
    case "reserveFrozen":
      return (
        <StepForm
          {...common}
          operation={wire.ReserveFrozen}
          fields={[
            { kind: "moment", name: "plannedAt", label: f.plannedAt, required: true },
            reader("standbyExpert", f.standbyExpert, { required: false, empty: f.anyExpert }),
          ]}
        />
      );
    case "referPathology":
      return <Refer {...common} caseRow={row} />;
    case "declareUndiagnosable":
      return <StepForm {...common} operation={wire.DeclareUndiagnosable} fields={[reason("UNDIAGNOSABLE")]} />;
    case "declineReading":
      return <StepForm {...common} operation={wire.DeclineReading} fields={[reason("PATHOLOGY_DECLINE")]} />;
    case "cancelPathology":
      return <StepForm {...common} operation={wire.CancelPathology} fields={[reason("PATHOLOGY_CANCEL")]} />;
  }
}

interface ReferProps {
  readonly caseRow: StepCase;
  readonly row: StepCase;
  readonly submit: string;
  readonly refresh: () => Promise<void>;
  readonly cancel: () => void;
  readonly done: (data: unknown) => void;
  readonly children: preact.ComponentChildren;
}

/** One step from a diagnosis to a referral, plain or by the green channel. */
function Refer({ caseRow, ...common }: ReferProps) {
  const f = words().field;
  const { data } = useRead(wire.GreenKindNames, {});
  const kinds = (data?.greenKinds ?? []).map(({ concept }) => ({ value: concept.code, label: concept.label }));
  const places = (hospital: string | null) => async (text: string, signal: AbortSignal) => {
    const answer = await call(wire.ReferralPlaces, { text: text || null, hospital }, { signal });
    if (!answer.ok) return [];
    return answer.data.departments.nodes.map((one) => ({
      value: one.id,
      label: hospital ? one.name : `${one.hospital.name} ${one.name}`,
    }));
  };
  return (
    <StepForm
      {...common}
      operation={wire.ReferPathology}
      initial={{ reason: caseRow.conclusion }}
      fields={[
        {
          kind: "search",
          name: "requesterDepartment",
          label: f.clinic,
          required: true,
          least: 0,
          search: places(caseRow.requesterHospital.id),
        },
        { kind: "area", name: "reason", label: f.purpose, required: true },
        { kind: "select", name: "greenKind", label: f.green, required: false, options: kinds },
        {
          kind: "search",
          name: "performerDepartment",
          label: f.destination,
          required: true,
          when: (values) => !values.greenKind,
          search: places(null),
        },
        {
          kind: "reason",
          name: "duplicateReason",
          catalogue: "DUPLICATE_CASE",
          comment: "duplicateComment",
          label: f.duplicate,
          hint: f.duplicateHint,
        },
      ]}
    />
  );
}
