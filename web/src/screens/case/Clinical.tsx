/** What the sender wrote, and the files beside it. */
import { When } from "../../kit";
import type { CaseFactsFragment, ReferralRowFragment } from "../../operations";
import { labels } from "./labels";
import { Fact } from "./Patient";
import { words } from "./words";

type Row = CaseFactsFragment & Pick<ReferralRowFragment, "accessLevel" | "neededCapability">;

/** The clinical summary of a leg. */
export function Clinical({ row }: { readonly row: Row }) {
  const say = words();
  const { clinical } = row;
  if (row.accessLevel === "SUMMARY") return <p class="aside">{say.summaryOnly}</p>;
  return (
    <>
      {clinical ? <Vitals vitals={clinical.vitals} /> : null}
      <dl class="facts">
        <Fact name={say.purpose} value={row.reason ?? ""} />
        <Fact name={say.needs} value={row.neededCapability?.label ?? ""} />
        <Fact name={say.diagnoses} value={labels().all(clinical?.diagnoses.map((one) => labels().coded(one.label, one.code)) ?? [])} />
        <Fact name={say.allergies} value={clinical?.allergies ?? ""} />
        <Fact name={say.summary} value={clinical?.summary ?? ""} />
        <Fact name={say.treatment} value={clinical?.treatment ?? ""} />
        {clinical?.exams.length ? (
          <>
            <dt>{say.exams}</dt>
            <dd>
              <ul class="plain">
                {clinical.exams.map((one) => (
                  <li key={`${one.name}${one.performedAt}`}>
                    <b>{one.name}</b> {one.result} <span class="aside">{one.performedAt}</span>
                  </li>
                ))}
              </ul>
            </dd>
          </>
        ) : null}
        <Fact name={say.instructions} value={row.instructions ?? ""} />
        <Fact name={say.consent} value={row.consentBy ? say.consentBy(row.consentBy, row.consentRelation ?? "") : ""} />
      </dl>
      {!clinical && !row.reason ? <p class="aside">{say.noClinical}</p> : null}
    </>
  );
}

type VitalsOf = NonNullable<CaseFactsFragment["clinical"]>["vitals"];

function Vitals({ vitals }: { readonly vitals: VitalsOf }) {
  const say = words();
  const pressure = vitals.systolic === null ? "" : `${vitals.systolic}/${vitals.diastolic ?? "–"}`;
  const all: readonly (readonly [string, number | string | null, string])[] = [
    [say.temperature, vitals.temperature, "℃"],
    [say.heartRate, vitals.heartRate, "/min"],
    [say.respiratoryRate, vitals.respiratoryRate, "/min"],
    [say.bloodPressure, pressure, "mmHg"],
    [say.spo2, vitals.spo2, "%"],
    [say.weight, vitals.weight, "kg"],
  ];
  const known = all.filter(([, value]) => value !== null && value !== "");
  if (!known.length) return null;
  return (
    <dl class="vitals" aria-label={say.vitals}>
      {known.map(([name, value, unit]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            <small> {unit}</small>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** The files of a leg, each a link that downloads it. */
export function Files({ files }: { readonly files: CaseFactsFragment["attachments"] }) {
  const say = words();
  if (!files) return null;
  if (!files.length) return <p class="aside">{say.noFiles}</p>;
  return (
    <ul class="plain files-list">
      {files.map((one) => (
        <li key={one.id}>
          <a href={one.url} download={one.name}>
            {one.name}
          </a>{" "}
          <span class="aside">
            {sizeOf(one.size)} · {say.addedBy(one.addedBy.name)} · <When at={one.addedAt} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function sizeOf(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
