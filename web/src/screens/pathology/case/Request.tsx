import { Button, When } from "../../../kit";
import type { CaseHeadFragment } from "../../../operations";
import { labelOf, useCatalogue } from "../facts";
import { words as shared } from "../words";
import { words } from "./words";

/** What the lab asks, and what it thinks itself. */
export function Request({ row, edit }: { readonly row: CaseHeadFragment; readonly edit?: (() => void) | undefined }) {
  const say = words();
  const common = shared();
  const classes = useCatalogue("DIAGNOSTIC_CLASS");
  const facts: [string, preact.ComponentChildren][] = [
    [say.preliminary, [labelOf(classes, row.preliminaryClass), row.preliminaryDiagnosis].filter(Boolean).join("：")],
    [say.question, row.question],
    [say.history, row.history],
    [say.liability, `${common.liability[row.liability]}（${common.liabilityHint[row.liability]}）`],
    [say.subspecialty, row.subspecialty.label],
    [say.consent, [row.consentBy, row.consentRelation].filter(Boolean).join(" · ")],
  ];
  if (row.plannedAt) {
    facts.push([say.planned, <When at={row.plannedAt} />]);
    facts.push([
      say.standby,
      [row.standbyExpert?.name, row.reservationConfirmedAt ? say.confirmed : say.notConfirmed]
        .filter(Boolean)
        .join(" · "),
    ]);
  }
  if (row.specimenReceivedAt) facts.push([say.received, <When at={row.specimenReceivedAt} />]);
  for (const [name, person] of [
    [say.reader, row.assignedTo],
    [say.secondReader, row.secondReader],
    [say.adjudicator, row.adjudicator],
  ] as const) {
    if (person) facts.push([name, person.name]);
  }
  return (
    <section class="panel">
      <div class="row spread">
        <h2>{say.request}</h2>
        {edit ? (
          <Button small onClick={edit}>
            {say.edit}
          </Button>
        ) : null}
      </div>
      <dl class="facts">
        {facts.map(([name, said]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{said || <span class="aside">{say.none}</span>}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
