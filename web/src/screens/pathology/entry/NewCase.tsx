import "../style.css";
import { useState } from "preact/hooks";
import { go, href } from "../../../app/router";
import { Banner, Button, Choices, Loading, Select, TextArea, TextField, toast, Trouble, wrongWith } from "../../../kit";
import { useDraft } from "../../../net/drafts";
import { useAct, useRead } from "../../../net/hooks";
import type { Problem } from "../../../net/problem";
import { me } from "../../../net/session";
import { CreatePathology, type CreatePathologyInput, PathologyDepartments } from "../../../operations";
import { options, useCatalogue } from "../facts";
import { words as shared } from "../words";
import { PatientFields } from "./PatientFields";
import { EMPTY, missingIn, patientOnWire, type Typed } from "./typed";
import { words } from "./words";

/** A lab's new case: patient, request, own diagnosis; everything typed is kept, and the server's draft is the next page. */
export default function NewCase() {
  const say = words();
  const common = shared();
  const person = me.value;
  const draft = useDraft<Typed>(person?.person.id ?? "", "pathology", EMPTY);
  const places = useRead(PathologyDepartments, {});
  const organs = useCatalogue("ORGAN");
  const classes = useCatalogue("DIAGNOSTIC_CLASS");
  const { act, busy } = useAct(CreatePathology);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [missing, setMissing] = useState<ReadonlySet<string>>(new Set());
  if (!draft.ready || !person) return <Loading />;

  const typed = draft.value;
  const held = person.roles.filter((role) => role.role === "PATHOLOGY_LAB");
  const home = new Set(held.map((role) => role.hospital?.id));
  const all = places.data?.departments.nodes ?? [];
  const named = held.flatMap(({ department, hospital }) =>
    department ? [{ value: department.id, label: `${hospital?.name ?? ""} ${department.name}` }] : [],
  );
  const own = named.length
    ? named
    : all
        .filter((one) => home.has(one.hospital.id))
        .map((one) => ({ value: one.id, label: `${one.hospital.name} ${one.name}` }));
  const asked = all
    .filter((one) => !home.has(one.hospital.id) && one.hospital.level !== "COUNTY")
    .map((one) => ({ value: one.id, label: `${one.hospital.name} ${one.name}` }));
  const from = typed.requesterDepartment || own[0]?.value || "";

  const set = (change: Partial<Typed>) => {
    draft.set(change);
    setMissing((before) => new Set([...before].filter((name) => !(name in change))));
  };
  const bind = (name: keyof Typed, label: string) => ({
    label,
    value: typed[name] as string,
    onChange: (value: string) => set({ [name]: value } as Partial<Typed>),
    error: missing.has(name) ? say.missing(label) : wrongWith(problem, name),
  });

  async function create(event: Event) {
    event.preventDefault();
    if (busy) return;
    const lacking = missingIn({ ...typed, requesterDepartment: from });
    setMissing(new Set(lacking));
    setProblem(null);
    if (lacking.length) {
      window.setTimeout(() => document.querySelector<HTMLElement>("[aria-invalid], .field.wrong input")?.focus());
      return;
    }
    const {
      kind,
      liability,
      organ,
      priority,
      preliminaryClass,
      preliminaryDiagnosis,
      history,
      question,
      consentBy,
      consentRelation,
      performerDepartment,
    } = typed;
    const plain = { preliminaryDiagnosis, history, question, consentBy, consentRelation };
    const input = {
      ...plain,
      kind,
      liability,
      organ,
      preliminaryClass,
      requesterDepartment: from,
      patient: patientOnWire(typed),
      ...(priority && kind !== "FROZEN" ? { priority } : {}),
      ...(performerDepartment ? { performerDepartment } : {}),
    } as Omit<CreatePathologyInput, "idempotencyKey">;
    const answer = await act(input);
    if (!answer.ok) return setProblem(answer.problem);
    const made = answer.data.createPathology?.pathologyCase;
    if (!made) return;
    draft.drop();
    toast(say.created(made.number));
    go(`/pathology/${encodeURIComponent(made.id)}`);
  }

  return (
    <form class="pathology stack" noValidate onSubmit={(event) => void create(event)}>
      <p class="aside">
        <a href={href("/pathology")}>{common.back}</a>
      </p>
      <h1>{say.title}</h1>
      <p class="aside">{say.lead}</p>
      {draft.restored ? (
        <Banner
          tone="info"
          action={
            <Button small onClick={draft.drop}>
              {say.discard}
            </Button>
          }
        >
          {say.restored}
        </Banner>
      ) : null}
      <Trouble problem={places.problem} retry={() => void places.reload()} />
      {places.data && !own.length ? <Banner tone="warn">{say.noDepartment}</Banner> : null}
      <div class="halves">
        <section class="panel stack">
          <h2>{say.patient}</h2>
          <PatientFields typed={typed} set={set} missing={missing} problem={problem} />
        </section>
        <section class="panel stack">
          <h2>{say.request}</h2>
          {own.length > 1 ? (
            <Select {...bind("requesterDepartment", say.from)} required empty={null} value={from} options={own} />
          ) : null}
          <Select {...bind("performerDepartment", say.to)} required options={asked} />
          <Choices
            {...bind("kind", say.kind)}
            required
            options={(["ROUTINE", "FROZEN", "CYTOLOGY", "SECOND_OPINION"] as const).map((value) => ({
              value,
              label: common.kind[value],
            }))}
          />
          <Select {...bind("organ", say.organ)} hint={say.organHint} required options={options(organs)} />
          <Choices
            {...bind("liability", say.liability)}
            required
            options={(["CONSULTATION", "REMOTE_DIAGNOSIS"] as const).map((value) => ({
              value,
              label: common.liability[value],
              hint: common.liabilityHint[value],
            }))}
          />
          {typed.kind === "FROZEN" ? (
            <p class="aside">{say.frozenStat}</p>
          ) : (
            <Select
              {...bind("priority", say.priority)}
              empty={null}
              options={(["ROUTINE", "URGENT", "ASAP", "STAT"] as const).map((value) => ({
                value,
                label: common.priority[value],
              }))}
            />
          )}
          <TextArea {...bind("question", say.question)} hint={say.questionHint} required rows={2} />
          <TextArea {...bind("history", say.history)} required />
        </section>
        <section class="panel stack">
          <h2>{say.diagnosis}</h2>
          <Select {...bind("preliminaryClass", say.preliminaryClass)} required options={options(classes)} />
          <TextArea {...bind("preliminaryDiagnosis", say.preliminaryDiagnosis)} required={false} rows={2} />
          <div class="pair">
            <TextField {...bind("consentBy", say.consentBy)} hint={say.consentHint} required={false} />
            <TextField {...bind("consentRelation", say.consentRelation)} required={false} />
          </div>
        </section>
      </div>
      {missing.size ? <Banner tone="warn">{say.check}</Banner> : null}
      <Trouble problem={problem} />
      <div class="row">
        <Button type="submit" kind="primary" busy={busy}>
          {say.create}
        </Button>
      </div>
    </form>
  );
}
