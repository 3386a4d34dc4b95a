import { Banner, Button, Checkbox, ConceptField, dateTime, Select, TextArea, Trouble } from "../../../kit";
import type { Said } from "../../../net/problem";
import type { KeyImage } from "../../../viewer/mount";
import { options, useCatalogue } from "../facts";
import { anchorOf, type Answers, type Cell, isNeeded, type Row, type Template } from "./answers";
import { Answer, AnswerTable } from "./FieldControl";
import { KeyImages } from "./KeyImages";
import type { Writing } from "./useReport";
import { words } from "./words";

interface Props {
  readonly writing: Writing;
  readonly templates: readonly Template[];
  readonly kept: readonly KeyImage[];
  readonly visit: (image: KeyImage) => void;
  /** What the server refused at the signing, by path. */
  readonly refused: readonly Said[];
}

/** The structured report, made from its template; every field that is needed is marked, what is wrong says so. */
export function ReportEditor({ writing, templates, kept, visit, refused }: Props) {
  const say = words();
  const classes = useCatalogue("DIAGNOSTIC_CLASS").filter((one) => one.code !== "NONE");
  const { written, change } = writing;
  const template = templates.find((one) => one.code === written.template);
  // Only what was typed can be wrong; what is missing stands in the list below, not as an error while one writes.
  const wrong = new Map(
    [...writing.missing.filter((one) => one.code !== "INCOMPLETE"), ...refused].map((one) => [
      anchorOf(one.field),
      one.message,
    ]),
  );
  const error = (anchor: string) => wrong.get(anchor) ?? "";
  const answer = (code: string, value: Cell | readonly Row[]) =>
    change({ answers: { ...written.answers, [code]: value } as Answers });

  return (
    <div class="report stack tight">
      {writing.conflict ? (
        <Banner
          tone="warn"
          title={say.conflict}
          action={
            <>
              <Button small onClick={() => writing.settle("here")}>
                {say.keepHere}
              </Button>
              <Button small onClick={() => writing.settle("there")}>
                {say.takeThere}
              </Button>
            </>
          }
        >
          {say.conflictHint(writing.conflict.conclusion || say.empty)}
        </Banner>
      ) : null}
      <Trouble problem={writing.problem} retry={() => void writing.save()} />
      <p class="aside">{say.legend}</p>
      <div id="report-diagnosticClass">
        <Select
          label={`${say.diagnosticClass} ＊`}
          error={error("report-diagnosticClass")}
          value={written.diagnosticClass}
          onChange={(diagnosticClass) => change({ diagnosticClass })}
          options={options(classes)}
        />
      </div>
      <div id="report-conclusion">
        <TextArea
          label={`${say.conclusion} ＊`}
          hint={say.conclusionHint}
          error={error("report-conclusion")}
          value={written.conclusion}
          onChange={(conclusion) => change({ conclusion })}
        />
      </div>
      <div class="pair">
        <div id="report-diagnosisCode">
          <ConceptField
            label={say.diagnosisCode}
            system="ICD10"
            error={error("report-diagnosisCode")}
            value={written.diagnosisCode ? { value: written.diagnosisCode, label: written.diagnosisCode } : null}
            onChange={(found) => change({ diagnosisCode: found?.value ?? "" })}
          />
        </div>
        <Checkbox label={say.critical} value={written.critical} onChange={(critical) => change({ critical })} />
      </div>
      <div id="report-template">
        <Select
          label={say.template}
          empty={null}
          error={error("report-template")}
          hint={template ? `${say.source}：${template.source}` : undefined}
          value={written.template}
          onChange={(code) => change({ template: code })}
          options={options(templates)}
        />
      </div>
      {template?.sections.map((section) => (
        <section key={section.code} class="report-section" aria-labelledby={`section-${section.code}`}>
          <h3 id={`section-${section.code}`}>{section.label}</h3>
          {section.fields.map((field) => {
            const needed = isNeeded(field, written.answers);
            const value = written.answers[field.code];
            const at = `answer-${field.code}`;
            return (
              <div key={field.code} id={at} class="answer">
                {field.kind === "TABLE" ? (
                  <AnswerTable
                    field={field}
                    rows={(value as readonly Row[] | undefined) ?? []}
                    needed={needed}
                    error={error(at)}
                    onChange={(rows) => answer(field.code, rows)}
                  />
                ) : (
                  <Answer
                    field={field}
                    value={(value as Cell | undefined) ?? ""}
                    needed={needed}
                    error={error(at)}
                    onChange={(given) => answer(field.code, given)}
                  />
                )}
              </div>
            );
          })}
        </section>
      ))}
      <TextArea
        label={say.freeText}
        required={false}
        value={written.freeText}
        onChange={(freeText) => change({ freeText })}
      />
      <KeyImages
        kept={kept}
        chosen={written.keyImages}
        most={template?.keyImages ?? 0}
        error={error("report-keyImages")}
        onChange={(keyImages) => change({ keyImages })}
        visit={visit}
      />
    </div>
  );
}

/** Whether what was typed has arrived, in words. */
export function SavedMark({ writing }: { readonly writing: Writing }) {
  const say = words();
  const { state, savedAt } = writing;
  const said = state === "saved" ? (savedAt ? say.saved(dateTime(savedAt)) : say.notYet) : say[state];
  return (
    <span class={state === "unsaved" ? "saved-mark warn" : "saved-mark"} role="status">
      {said}
    </span>
  );
}
