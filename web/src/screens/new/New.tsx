/** A new referral: who, how ill, where to, by whose consent. Kept at every field, here and on the server. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { go, href, query } from "../../app/router";
import { useKeys } from "../../app/keys";
import { Banner, Button, ButtonLink, Dialog, Loading, toast, Trouble } from "../../kit";
import { findDraft, keepDraft, useDraft } from "../../net/drafts";
import { useRead } from "../../net/hooks";
import { me } from "../../net/session";
import { ReferralDraft } from "../../operations";
import { language } from "../../words";
import { ConditionPart } from "./ConditionPart";
import { ConsentPart } from "./ConsentPart";
import { DestinationPart } from "./DestinationPart";
import { Discard } from "./Discard";
import { Files } from "./Files";
import { type Content, EMPTY, type Values } from "./form";
import { Lacking } from "./Lacking";
import { Origin } from "./Origin";
import { PatientPart } from "./PatientPart";
import { SavingState } from "./SavingState";
import { useSaving, valuesOf } from "./saving";
import { type Lack, missingOf, useSubmit } from "./sending";
import "./style.css";
import { words } from "./words";

/** The name of the draft that has not been chosen from the list. */
export const CURRENT = "referral";

/** The screen: a draft of this machine, or one that the server holds (`?draft=`). */
export default function New() {
  const person = me.value?.person.id ?? "";
  const asked = query.value.get("draft") ?? "";
  const [turn, setTurn] = useState(0);
  const anew = () => {
    setTurn(turn + 1);
    if (asked) go("/new", { replace: true });
  };
  if (asked) return <Fetched key={asked} id={asked} person={person} anew={anew} />;
  return <Form key={`new ${turn}`} name={CURRENT} person={person} anew={anew} />;
}

interface Who {
  readonly person: string;
  /** Begins with an empty form. */
  readonly anew: () => void;
}

/** A draft that was begun elsewhere: fetched once, and from then on kept here too. */
function Fetched({ id, person, anew }: Who & { readonly id: string }) {
  const name = `${CURRENT} ${id}`;
  const [ready, setReady] = useState(false);
  const { data, problem, reload } = useRead(ReferralDraft, { id }, { skip: ready });
  const held = data?.referral;
  useEffect(() => {
    if (!held || ready) return;
    void findDraft<Values>(person, name)
      .catch(() => null)
      .then(async (here) => {
        if (!here) await keepDraft(person, name, { ...EMPTY, ...valuesOf(held) });
        setReady(true);
      });
  }, [held, ready]);
  if (ready) return <Form name={name} person={person} anew={anew} />;
  return (
    <>
      <h1>{words().title}</h1>
      <Trouble problem={problem} retry={() => void reload()} />
      {problem ? null : <Loading />}
    </>
  );
}

function Form({ name, person, anew }: Who & { readonly name: string }) {
  const say = words();
  const draft = useDraft<Values>(person, name, EMPTY);
  const { value, set } = draft;
  const saving = useSaving(draft);
  const submit = useSubmit(draft, saving.flush);
  const [step, setStep] = useState(1);
  const [waiting, setWaiting] = useState(0);
  const [discarding, setDiscarding] = useState(false);
  const second = useRef<HTMLHeadingElement>(null);
  const first = useRef<HTMLHeadingElement>(null);
  const served = useRead(ReferralDraft, { id: value.server?.id ?? "" }, { skip: !value.server || !draft.restored });
  const problem = submit.problem ?? saving.problem;
  const content = (change: Partial<Content>) => set({ content: { ...value.content, ...change } });
  const lacks = missingOf(value);
  const missing = (field: string) => (submit.tried ? (lacks.find((one) => one.field === field)?.says ?? "") : "");

  function to(part: 1 | 2): void {
    setStep(part);
    window.requestAnimationFrame(() => {
      const heading = (part === 2 ? second : first).current;
      heading?.focus();
      heading?.scrollIntoView({ block: "start" });
    });
  }

  function show(one: Lack): void {
    setStep(one.part);
    window.requestAnimationFrame(() => {
      const field = document.querySelector<HTMLElement>(
        `[data-field="${one.field}"], [name="${one.field.split(".").at(-1)}"]`,
      );
      const wrong = document.querySelector<HTMLElement>(".parts .part [aria-invalid=true]");
      const target = field ?? wrong ?? (one.part === 2 ? second : first).current;
      target?.focus();
      target?.scrollIntoView({ block: "center" });
    });
  }

  function another(): void {
    draft.drop();
    anew();
  }

  async function finish() {
    if (waiting) return void toast(say.filesFirst(waiting));
    if (lacks.length) {
      submit.setTried();
      const [one] = lacks;
      if (one) show(one);
      return;
    }
    await submit.run();
  }

  const tongue = language.value;
  useKeys(
    useMemo(
      () => [
        { keys: "1", does: words().stepOne, run: () => to(1) },
        { keys: "2", does: words().stepTwo, run: () => to(2) },
      ],
      [tongue],
    ),
  );

  if (!draft.ready)
    return (
      <>
        <h1>{say.title}</h1>
        <Loading />
      </>
    );
  if (saving.gone) {
    const { gone } = saving;
    return (
      <>
        <h1>{say.title}</h1>
        <Banner
          tone="info"
          title={say.gone(gone.number)}
          action={<ButtonLink href={href(`/case/${gone.case.id}`)}>{say.openCaseLink}</ButtonLink>}
        >
          {say.goneHint}
        </Banner>
        <div>
          <Button onClick={another}>{say.begin}</Button>
        </div>
      </>
    );
  }
  return (
    <div class="new">
      <div class="row spread">
        <h1>{say.title}</h1>
        <SavingState value={value} saving={saving} />
        <div class="row">
          <a href={href("/drafts")}>{say.drafts}</a>
          {value.server || draft.restored ? (
            <Button kind="quiet" small onClick={() => setDiscarding(true)}>
              {say.discard}
            </Button>
          ) : null}
        </div>
      </div>
      {draft.restored ? (
        <Banner
          tone="info"
          action={
            <Button small onClick={() => (value.server ? void saving.flush().then(another) : setDiscarding(true))}>
              {say.begin}
            </Button>
          }
        >
          {value.server ? say.restoredServer(value.server.number) : say.restored}
        </Banner>
      ) : null}
      {saving.fromElsewhere.length ? (
        <Banner tone="warn">{say.elsewhere(saving.fromElsewhere.map((one) => say.fields[one]).join("、"))}</Banner>
      ) : null}
      {problem ? <Trouble problem={problem} retry={() => void saving.flush()} /> : null}
      <form
        class="parts"
        data-step={step}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void finish();
        }}
      >
        <div class="part first">
          <section class="panel stack">
            <h2 ref={first} tabIndex={-1}>
              {say.patientPart}
            </h2>
            <Origin
              roles={["REFERRING_DOCTOR"]}
              value={value.from}
              onChange={(from) => set({ from })}
              error={missing("requesterDepartment")}
            />
            <PatientPart value={value} change={set} problem={problem} another={() => setDiscarding(true)} />
            <Lacking lacks={submit.tried ? lacks.filter((one) => one.group === "patient") : []} show={show} />
          </section>
          <section class="panel stack">
            <h2>{say.conditionPart}</h2>
            <ConditionPart value={value.content} change={content} problem={problem} missing={missing} />
          </section>
          <div class="forward">
            <Button kind="primary" onClick={() => to(2)}>
              {say.next}
            </Button>
          </div>
        </div>
        <div class="part second">
          <section class="panel stack">
            <h2 ref={second} tabIndex={-1}>
              {say.destinationPart}
            </h2>
            <DestinationPart
              value={value.content}
              change={content}
              error={
                missing("performerDepartment") || (problem?.field === "performerDepartment" ? problem.message : "")
              }
            />
          </section>
          <section class="panel stack">
            <h2>{say.consentPart}</h2>
            <ConsentPart value={value} change={content} problem={problem} missing={missing} />
            <Files
              referral={value.server?.id ?? null}
              there={served.data?.referral?.attachments ?? []}
              onWaiting={setWaiting}
            />
          </section>
          <div class="forward">
            <Lacking lacks={submit.tried ? lacks : []} show={show} />
            {value.content.performerDepartment ? (
              <p class="aside">{say.goingTo(value.content.performerDepartment.label)}</p>
            ) : null}
            <div class="row">
              <span class="narrow-only">
                <Button onClick={() => to(1)}>{say.back}</Button>
              </span>
              <Button kind="primary" type="submit" busy={submit.busy}>
                {say.submit}
              </Button>
            </div>
          </div>
        </div>
      </form>
      {discarding ? (
        <Dialog title={say.discardTitle} onClose={() => setDiscarding(false)}>
          <Discard
            row={value.server}
            done={() => {
              toast(say.discarded);
              another();
            }}
            cancel={() => setDiscarding(false)}
          />
        </Dialog>
      ) : null}
    </div>
  );
}
