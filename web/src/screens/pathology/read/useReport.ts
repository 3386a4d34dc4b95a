/** The report that is being written: kept on this machine at every key, on the server a moment later, never overwritten unseen. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { call } from "../../../net/client";
import { useDraft } from "../../../net/drafts";
import { intention, useRead } from "../../../net/hooks";
import { returned } from "../../../net/line";
import type { Problem, Said } from "../../../net/problem";
import { ReportDraft, SaveReportDraft } from "../../../operations";
import { BLANK, type Draft, ofDraft, onWire, type Template, type Written } from "./answers";

interface Local {
  readonly written: Written | null;
  /** The server's version that it was typed upon. */
  readonly base: number;
  /** Whether the server has not seen all of it. */
  readonly dirty: boolean;
}

const NOTHING: Local = { written: null, base: 0, dirty: false };
const SILENCE = 1200; // milliseconds that typing rests before the server is told

/** What the editor shows and does. */
export interface Writing {
  readonly written: Written;
  readonly ready: boolean;
  readonly change: (change: Partial<Written>) => void;
  /** saved: the server has all of it. */
  readonly state: "saved" | "typing" | "saving" | "unsaved";
  readonly savedAt: string | null;
  /** Everything that still keeps it from being signed, as the server found at the last saving. */
  readonly missing: readonly Said[];
  readonly problem: Problem | null;
  /** The other text, where the same draft was written elsewhere meanwhile. */
  readonly conflict: Written | null;
  /** Ends a conflict: keeps what stands here, or takes the other text. */
  readonly settle: (keep: "here" | "there") => void;
  readonly pdfUrl: string | null;
  readonly save: () => Promise<boolean>;
  readonly drop: () => void;
  readonly reload: () => Promise<void>;
}

/** The report on a case; `first` is what an empty one begins with. */
export function useReport(person: string, id: string, templates: readonly Template[], first: Written | null): Writing {
  const server = useRead(ReportDraft, { case: id });
  const local = useDraft<Local>(person, `report ${id}`, NOTHING);
  const [begun, setBegun] = useState(false);
  const [state, setState] = useState<Writing["state"]>("saved");
  const [missing, setMissing] = useState<readonly Said[]>([]);
  const [savedAt, setSavedAt] = useState<string | null>(null);
  const [pdfUrl, setPdf] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [conflict, setConflict] = useState<Written | null>(null);
  const at = useRef({ version: 0, timer: 0, busy: false, turn: 0, halted: false });
  const send = useRef(intention(SaveReportDraft));
  const now = useRef({ local, templates });
  now.current = { local, templates };

  const take = useCallback((draft: Draft | null) => {
    at.current.version = draft?.version ?? 0;
    setMissing(draft?.missing ?? []);
    setSavedAt(draft?.savedAt ?? null);
    setPdf(draft?.pdfUrl ?? null);
  }, []);

  useEffect(() => {
    if (begun || !local.ready || !server.data || !templates.length) return;
    const draft = server.data.reportDraft;
    take(draft);
    const { written, base, dirty } = local.value;
    const theirs = draft ? ofDraft(draft) : null;
    const start = theirs ?? first ?? { ...BLANK, template: templates[0]?.code ?? "" };
    if (written && dirty && base !== (draft?.version ?? 0) && theirs) {
      at.current.halted = true;
      setConflict(theirs);
    } else if (!(written && dirty)) {
      local.set({ written: start, base: at.current.version, dirty: false });
    } else {
      setState("typing");
      at.current.timer = window.setTimeout(() => void save(), SILENCE);
    }
    setBegun(true);
  }, [begun, local.ready, server.data, templates.length]);

  async function save(): Promise<boolean> {
    const held = at.current;
    window.clearTimeout(held.timer);
    const { value } = now.current.local;
    if (!value.written || held.halted) return false;
    if (!value.dirty) return true;
    if (held.busy) return false; // whoever is sending looks again afterwards
    held.busy = true;
    setState("saving");
    const turn = held.turn;
    const template = now.current.templates.find((one) => one.code === value.written?.template);
    const answer = await send.current({ id, expectedVersion: held.version, report: onWire(template, value.written) });
    held.busy = false;
    if (answer.ok && answer.data.saveReportDraft?.draft) {
      const { draft } = answer.data.saveReportDraft;
      held.version = draft.version;
      setMissing(draft.missing);
      setSavedAt(draft.savedAt);
      setPdf(draft.pdfUrl);
      setProblem(null);
      const more = held.turn !== turn;
      now.current.local.set({ base: draft.version, dirty: more });
      setState(more ? "typing" : "saved");
      if (more) held.timer = window.setTimeout(() => void save(), SILENCE);
      return !more;
    }
    setState("unsaved");
    if (!answer.ok) {
      setProblem(answer.problem.code === "STALE_VERSION" ? null : answer.problem);
      if (answer.problem.code === "STALE_VERSION") await clash();
    }
    return false;
  }

  /** The draft was saved elsewhere meanwhile: whoever wrote both texts chooses one. */
  async function clash(): Promise<void> {
    at.current.halted = true;
    const answer = await call(ReportDraft, { case: id });
    if (!answer.ok) return setProblem(answer.problem);
    take(answer.data.reportDraft);
    setConflict(answer.data.reportDraft ? ofDraft(answer.data.reportDraft) : BLANK);
  }

  function change(given: Partial<Written>): void {
    const held = at.current;
    held.turn += 1;
    const before = now.current.local.value.written ?? BLANK;
    now.current.local.set({ written: { ...before, ...given }, base: held.version, dirty: true });
    now.current.local = {
      ...now.current.local,
      value: { written: { ...before, ...given }, base: held.version, dirty: true },
    };
    setState("typing");
    window.clearTimeout(held.timer);
    held.timer = window.setTimeout(() => void save(), SILENCE);
  }

  function settle(keep: "here" | "there"): void {
    const theirs = conflict;
    setConflict(null);
    at.current.halted = false;
    if (keep === "there" && theirs) {
      local.set({ written: theirs, base: at.current.version, dirty: false });
      setState("saved");
    } else {
      change({});
    }
  }

  const back = returned.value;
  useEffect(() => {
    if (begun && local.value.dirty) void save();
  }, [back]);
  useEffect(() => {
    const leave = () => void save();
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      void save();
    };
  }, []);

  return {
    written: local.value.written ?? BLANK,
    ready: begun && local.value.written !== null,
    change,
    state,
    savedAt,
    missing,
    problem: problem ?? server.problem,
    conflict,
    settle,
    pdfUrl,
    save,
    drop: () => {
      window.clearTimeout(at.current.timer);
      at.current.halted = true;
      local.drop();
    },
    reload: server.reload,
  };
}
