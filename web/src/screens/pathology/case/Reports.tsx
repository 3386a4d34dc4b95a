import { Badge, Banner, Button, StepForm, When } from "../../../kit";
import { can } from "../../../net/session";
import { AddAddendum, type SignedReportFragment } from "../../../operations";
import { labelOf, useCatalogue } from "../facts";
import { words as shared } from "../words";
import type { Whole } from "./Case";
import { words } from "./words";

type Reported = Pick<
  Whole,
  "reports" | "preliminaryAgreement" | "finalAgreement" | "finalClass" | "finalDiagnosis" | "readBack"
>;

/** What was signed: the version in force in full, those before it folded, how it compares with the others. */
export function SignedReports({
  row,
  addendum,
}: {
  readonly row: Reported;
  readonly addendum?: (report: string) => void;
}) {
  const say = words();
  const common = shared();
  const classes = useCatalogue("DIAGNOSTIC_CLASS");
  if (!row.reports.length && !row.finalClass) return null;
  const [current, ...earlier] = [...row.reports].reverse();
  const compared = [
    [say.agreementExpert, row.preliminaryAgreement],
    [say.agreementFinal, row.finalAgreement],
  ] as const;
  return (
    <section class="panel stack tight">
      <h2>{say.report}</h2>
      {current ? <Signed report={current} /> : null}
      {current && addendum && can("add_addendum") ? (
        <div>
          <Button small onClick={() => addendum(current.id)}>
            {say.addendumAction}
          </Button>
        </div>
      ) : null}
      <dl class="facts">
        {compared.map(([name, agreement]) =>
          agreement ? (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <Badge
                  tone={
                    agreement === "MAJOR"
                      ? "bad"
                      : agreement === "MINOR"
                        ? "warn"
                        : agreement === "CONCORDANT"
                          ? "good"
                          : "plain"
                  }
                >
                  {common.agreement[agreement]}
                </Badge>
              </dd>
            </div>
          ) : null,
        )}
        {row.finalClass ? (
          <div>
            <dt>{say.finalDiagnosis}</dt>
            <dd>
              {labelOf(classes, row.finalClass)}：{row.finalDiagnosis}
            </dd>
          </div>
        ) : null}
        {row.readBack ? (
          <div>
            <dt>{say.readBack}</dt>
            <dd>{row.readBack}</dd>
          </div>
        ) : null}
      </dl>
      {earlier.map((one) => (
        <details key={one.id}>
          <summary>
            {say.version(one.version)} · {say.replaced}
          </summary>
          <Signed report={one} />
        </details>
      ))}
    </section>
  );
}

/** One signed version as it reads. */
export function Signed({ report }: { readonly report: SignedReportFragment }) {
  const say = words();
  const common = shared();
  return (
    <article class="signed stack tight">
      {report.intact ? null : <Banner tone="bad">{say.notIntact}</Banner>}
      <p class="row">
        <Badge tone={report.inForce ? "good" : "plain"}>
          {say.version(report.version)}
          {report.inForce ? ` · ${say.inForce}` : ""}
        </Badge>
        <strong>{report.diagnosticClass.label}</strong>
        {report.icd10 ? (
          <span class="aside">
            {report.icd10.code} {report.icd10.label}
          </span>
        ) : null}
        {report.critical ? <Badge tone="bad">{common.critical}</Badge> : null}
      </p>
      <p class="conclusion words">{report.conclusion}</p>
      {report.amendmentReason ? (
        <p class="aside">
          {say.amendedWhy}：{report.amendmentReason}
        </p>
      ) : null}
      <details>
        <summary>{report.sections.map((one) => one.label).join(" · ") || say.freeText}</summary>
        {report.sections.map((section) => (
          <div key={section.code}>
            <h3>{section.label}</h3>
            <dl class="facts">
              {section.answers.map((answer) => (
                <div key={answer.code}>
                  <dt>{answer.label}</dt>
                  <dd class="words">{answer.rows.length ? <Rows answer={answer} /> : answer.shown}</dd>
                </div>
              ))}
            </dl>
          </div>
        ))}
        {report.freeText ? <p class="words">{report.freeText}</p> : null}
      </details>
      {report.keyImages.length ? (
        <ul class="plain pictures" aria-label={say.keyImages}>
          {report.keyImages.map((one) => (
            <li key={`${one.slide} ${one.x} ${one.y} ${one.width}`}>
              {one.url ? (
                <img src={one.url} alt={one.note || `${say.keyImages} ${one.barcode}`} loading="lazy" />
              ) : null}
              <span class="aside">
                {one.barcode} {one.note}
              </span>
            </li>
          ))}
        </ul>
      ) : null}
      {report.addenda.map((one) => (
        <p key={one.id}>
          <strong>{say.addendum(one.number)}</strong> <span class="words">{one.text}</span>{" "}
          <span class="aside">
            {one.signedBy.name} · <When at={one.signedAt} />
          </span>
        </p>
      ))}
      <p class="aside">
        {say.signed} {report.signedBy.name} · {report.signedHospital.name} · <When at={report.signedAt} /> · {say.code}{" "}
        {report.verificationCode}
      </p>
      <p>
        <a href={report.pdfUrl} target="_blank" rel="noreferrer">
          {say.pdf}
        </a>
      </p>
    </article>
  );
}

function Rows({ answer }: { readonly answer: SignedReportFragment["sections"][number]["answers"][number] }) {
  return (
    <table class="small-table">
      <thead>
        <tr>
          {answer.columns.map((one) => (
            <th key={one.code} scope="col">
              {one.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {answer.rows.map((row, index) => (
          <tr key={index}>
            {answer.columns.map((one) => (
              <td key={one.code}>{row.cells.find((cell) => cell.code === one.code)?.shown ?? ""}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Adds words to the version in force. */
export function AddendumForm({
  report,
  done,
  cancel,
}: {
  readonly report: string;
  readonly done: () => void;
  readonly cancel: () => void;
}) {
  const say = words();
  return (
    <StepForm
      operation={AddAddendum}
      row={null}
      extra={{ id: report }}
      submit={say.addendumAction}
      fields={[{ kind: "area", name: "text", label: say.addendumText, required: true }]}
      done={done}
      cancel={cancel}
    >
      <p>{say.intro.addAddendum}</p>
    </StepForm>
  );
}
