/** What was said and done on a case: opinions, material, quality, limits, and every step in order. */
import { Badge, ReasonWord, roleName, span, useReasons, When } from "../../../kit";
import type { CaseHeadFragment } from "../../../operations";
import { labelOf, useCatalogue } from "../facts";
import { words as shared } from "../words";
import type { Whole } from "./Case";
import { words } from "./words";

/** What pathologists thought, in order; never changed. */
export function Opinions({ row }: { readonly row: CaseHeadFragment }) {
  const say = words();
  const common = shared();
  const classes = useCatalogue("DIAGNOSTIC_CLASS");
  if (!row.opinions.length) return null;
  return (
    <section class="panel">
      <h2>{say.opinions}</h2>
      <ol class="plain lines">
        {row.opinions.map((one) => (
          <li key={one.id}>
            <p>
              <strong>{common.part[one.part]}</strong> · {labelOf(classes, one.diagnosticClass)}{" "}
              <span class="aside">
                {one.person.name} · <When at={one.givenAt} />
              </span>
            </p>
            <p class="words">{one.text}</p>
            {one.phonedTo ? (
              <p class="aside">
                {say.phoned(one.phonedTo)}；{say.readBackWas}：{one.readBack}
              </p>
            ) : null}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What a pathologist still needed, and the answers. */
export function Requests({ row }: { readonly row: CaseHeadFragment }) {
  const say = words();
  const items = useReasons("MATERIAL");
  if (!row.materialRequests.length) return null;
  return (
    <section class="panel">
      <h2>{say.material}</h2>
      <ol class="plain lines">
        {row.materialRequests.map((one) => (
          <li key={one.id}>
            <p>
              <strong>{one.items.map((code) => labelOf(items, code)).join("、")}</strong>{" "}
              <span class="aside">
                <When at={one.askedAt} />
              </span>
            </p>
            {one.note ? <p class="words">{one.note}</p> : null}
            <p>
              {one.answeredAt ? (
                <>
                  {say.answered}：<span class="words">{one.answer}</span>{" "}
                  <span class="aside">
                    <When at={one.answeredAt} />
                  </span>
                </>
              ) : (
                <span class="aside">{say.notAnswered}</span>
              )}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Every look at the quality of the slides, with what was found and mended. */
export function Quality({ row }: { readonly row: CaseHeadFragment }) {
  const say = words();
  const defects = useReasons("SLIDE_DEFECT");
  if (!row.qualityChecks.length) return null;
  return (
    <section class="panel">
      <h2>{say.quality}</h2>
      <ol class="plain lines">
        {row.qualityChecks.map((one) => (
          <li key={one.id}>
            <p>
              <Badge tone={one.result === "PASSED" ? "good" : "warn"}>
                {one.result === "PASSED" ? say.qualityPassed : say.qualityFailed}
              </Badge>{" "}
              <span class="aside">
                {one.checkedBy.name} · <When at={one.checkedAt} />
              </span>
            </p>
            {one.defects.length ? (
              <ul>
                {one.defects.map((defect) => (
                  <li key={`${defect.code} ${defect.slide}`}>
                    {labelOf(defects, defect.code)} · {defect.slide || say.allSlides}
                  </li>
                ))}
              </ul>
            ) : null}
            {one.note ? <p class="words">{one.note}</p> : null}
            {one.fixedAt ? (
              <p>
                {say.fixed}：<span class="words">{one.fixNote}</span>{" "}
                <span class="aside">
                  <When at={one.fixedAt} />
                </span>
              </p>
            ) : null}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Every limit that runs or ran. */
export function Clocks({ row }: { readonly row: Whole }) {
  const say = words();
  if (!row.clocks.length) return null;
  const state = (one: Whole["clocks"][number]) =>
    one.stoppedAt ? (one.met === null ? "" : one.met ? say.met : say.missed) : one.pausedAt ? say.paused : say.running;
  return (
    <section class="panel">
      <h2>{say.clocks}</h2>
      <ul class="plain lines">
        {row.clocks.map((one) => (
          <li key={one.id} class="row spread">
            <span>
              {one.label} {one.pausedWhy ? <span class="aside">{one.pausedWhy}</span> : null}
            </span>
            <span class={one.met === false ? "clock over" : "aside"}>
              {state(one)} · {say.minutes(span(one.elapsedMinutes * 60_000), span(one.targetMinutes * 60_000))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The catalogue that a step takes its reason from, by the kind of its event. */
const CATALOGUES: Readonly<Record<string, string>> = {
  amend_report: "REPORT_AMENDMENT",
  cancel_pathology: "PATHOLOGY_CANCEL",
  declare_undiagnosable: "UNDIAGNOSABLE",
  decline_reading: "PATHOLOGY_DECLINE",
  reassign_pathology: "REASSIGN",
  withdraw_slide: "WITHDRAW_SLIDE",
};

/** Why a step was taken, in the words of its catalogue. */
function Why({ kind, code }: { readonly kind: string; readonly code: string }) {
  const catalogue = CATALOGUES[kind];
  if (!catalogue || !code) return null;
  return (
    <p class="words">
      <ReasonWord catalogue={catalogue} code={code} />
    </p>
  );
}

/** Every step, in order. */
export function Timeline({ row }: { readonly row: Whole }) {
  const say = words();
  return (
    <section class="panel">
      <h2>{say.timeline}</h2>
      <ol class="plain timeline">
        {row.events.map((one) => (
          <li key={one.id}>
            <p>
              <strong>{one.label}</strong>{" "}
              <span class="aside">
                <When at={one.eventAt} />
                {Date.parse(one.recordedAt) - Date.parse(one.eventAt) > 300_000 ? ` · ${say.late}` : ""}
              </span>
            </p>
            <p class="aside">
              {[one.actor?.name ?? say.somebody, one.actorRole ? roleName(one.actorRole) : "", one.actorHospital?.name]
                .filter(Boolean)
                .join(" · ")}
            </p>
            <Why kind={one.kind} code={one.reasonCode} />
            {one.comment ? <p class="words">{one.comment}</p> : null}
          </li>
        ))}
      </ol>
    </section>
  );
}
