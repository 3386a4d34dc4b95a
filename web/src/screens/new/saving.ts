/** Keeps the draft on the server as it is on this machine: a first saving, then each change, whatever the line does. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { call, newKey } from "../../net/client";
import type { Draft } from "../../net/drafts";
import { returned } from "../../net/line";
import { now } from "../../net/moment";
import type { Problem } from "../../net/problem";
import { WriteDraft, ReferralDraft, ChangeDraft, type UpdateReferralInput } from "../../operations";
import {
  changes,
  type Content,
  contentBegun,
  contentOf,
  creation,
  type Held,
  merged,
  patientOf,
  patientReady,
  type Values,
} from "./form";
import { today } from "./idnumber";

const HOLD = 1200; // milliseconds of silence after which a change goes to the server

/** How the server's copy stands. */
export interface Saving {
  /** none: too little is known yet. saved: the server holds all of it. waiting: the line is cut, or something is refused. */
  readonly state: "none" | "typing" | "sending" | "saved" | "waiting";
  readonly savedAt: number;
  readonly problem: Problem | null;
  /** Fields that somebody changed elsewhere and that were taken over. */
  readonly fromElsewhere: readonly (keyof Content)[];
  /** Whether it was sent meanwhile, or ended; nothing can be written any more. */
  readonly gone: Held | null;
  /** Sends what is not yet there; resolves to the draft the server now holds, null when it does not hold all. */
  readonly flush: () => Promise<Values["server"]>;
}

/** The server's copy of a draft on this machine. */
export function useSaving(draft: Draft<Values>): Saving {
  const [told, tell] = useState<Omit<Saving, "flush">>({
    state: "none",
    savedAt: 0,
    problem: null,
    fromElsewhere: [],
    gone: null,
  });
  const at = useRef({
    draft,
    running: null as Promise<Values["server"]> | null,
    timer: 0,
    refused: "",
    fields: new Map<string, string>(),
    over: false,
  });
  at.current.draft = draft;

  const push = useCallback((): Promise<Values["server"]> => {
    window.clearTimeout(at.current.timer);
    // One at a time: whoever comes meanwhile waits for the one under way and sends what is then left.
    const before = at.current.running ?? Promise.resolve(null);
    const mine = before.then(() => (at.current.over ? null : settle()));
    at.current.running = mine;
    return mine;
  }, []);

  /** Sends until nothing is left, or something stands in the way. */
  async function settle(): Promise<Values["server"]> {
    for (let turn = 0; turn < 6; turn += 1) {
      const { value } = at.current.draft;
      if (!value.server) {
        if (!value.creating && !(value.from && patientReady(value.patient, today()) && contentBegun(value.content)))
          return null;
        if (!(await create(value))) return null;
        continue;
      }
      const left = Object.entries(changes(value.content, value.synced ?? value.content));
      // What was refused waits until it is typed differently; the rest need not wait for it.
      const fit = left.filter(([name, one]) => at.current.fields.get(name) !== JSON.stringify(one));
      if (!fit.length) {
        if (left.length) return null;
        tell((said) => ({ ...said, state: "saved", problem: null, savedAt: said.savedAt || now() }));
        return value.server;
      }
      if (!(await update(value, Object.fromEntries(fit)))) return null;
    }
    return null;
  }

  async function create(value: Values): Promise<boolean> {
    const { set, keep } = at.current.draft;
    const input = value.creating ?? creation(value, newKey(), today());
    if (!value.creating && at.current.refused === JSON.stringify({ ...input, idempotencyKey: "" })) return false;
    set({ creating: input });
    tell((said) => ({ ...said, state: "sending" }));
    await keep(); // whatever becomes of this page, the next one asks with the same key
    const answer = await call(WriteDraft, { input });
    if (at.current.over) return false;
    const held = answer.ok ? answer.data.createReferral?.referral : null;
    if (held) {
      set({ creating: null, server: serverOf(held), synced: contentOf(held) });
      await keep();
      tell((said) => ({ ...said, state: "saved", problem: null, savedAt: now() }));
      return true;
    }
    if (answer.ok) return false;
    if (answer.problem.kind !== "line") {
      set({ creating: null });
      at.current.refused = JSON.stringify({ ...input, idempotencyKey: "" });
    }
    tell((said) => ({ ...said, state: "waiting", problem: answer.problem }));
    return false;
  }

  async function update(value: Values, left: Partial<UpdateReferralInput>): Promise<boolean> {
    const { set, keep } = at.current.draft;
    const server = value.server;
    if (!server) return false;
    tell((said) => ({ ...said, state: "sending" }));
    const sent = value.content;
    const input = { id: server.id, expectedVersion: server.version, idempotencyKey: newKey(), ...left };
    const answer = await call(ChangeDraft, { input });
    if (at.current.over) return false;
    const version = answer.ok ? answer.data.updateReferral?.referral?.version : null;
    if (version) {
      const kept = Object.fromEntries(Object.keys(left).map((name) => [name, sent[name as keyof Content]]));
      set({ server: { ...server, version }, synced: { ...(value.synced ?? sent), ...kept } });
      await keep();
      for (const name of Object.keys(left)) at.current.fields.delete(name);
      const held = at.current.fields.size > 0;
      tell((said) => ({
        ...said,
        state: held ? "waiting" : "saved",
        problem: held ? said.problem : null,
        savedAt: now(),
      }));
      return true;
    }
    if (answer.ok) return false;
    if (["STALE_VERSION", "INVALID_STATE", "NOT_FOUND"].includes(answer.problem.code))
      return await catchUp(answer.problem);
    tell((said) => ({ ...said, state: "waiting", problem: answer.problem }));
    if (answer.problem.kind !== "refused") return false;
    const field = answer.problem.field.split(".")[0] ?? "";
    const about = Object.entries(left).filter(([name]) => name === field);
    for (const [name, one] of about.length ? about : Object.entries(left))
      at.current.fields.set(name, JSON.stringify(one));
    return true;
  }

  /** Somebody, or an answer that was lost on the way, changed the server's copy: lay ours over theirs. */
  async function catchUp(why: Problem): Promise<boolean> {
    const { value, set } = at.current.draft;
    if (!value.server) return false;
    const answer = await call(ReferralDraft, { id: value.server.id });
    const held = answer.ok ? answer.data.referral : null;
    if (!held) {
      tell((said) => ({ ...said, state: "waiting", problem: answer.ok ? why : answer.problem }));
      return false;
    }
    if (held.status !== "DRAFT") {
      at.current.over = true;
      tell((said) => ({ ...said, state: "waiting", problem: null, gone: held }));
      return false;
    }
    const theirs = contentOf(held);
    const { content, fromElsewhere } = merged(value.content, value.synced ?? value.content, theirs);
    set({ server: serverOf(held), synced: theirs, content });
    if (fromElsewhere.length)
      tell((said) => ({ ...said, fromElsewhere: [...new Set([...said.fromElsewhere, ...fromElsewhere])] }));
    return true;
  }

  // What another machine, or an answer that came too late, changed while this page was closed.
  const opened = useRef(false);
  useEffect(() => {
    if (!draft.ready || opened.current) return;
    opened.current = true;
    if (!draft.value.server) return void push();
    const asked = catchUp({ kind: "fault", code: "", message: "", field: "", all: [], requestId: "" });
    at.current.running = asked.then(() => null);
    void asked.then(() => push());
  }, [draft.ready]);

  const typed = JSON.stringify([
    draft.value.content,
    draft.value.server
      ? null
      : [draft.value.patient, draft.value.from, draft.value.duplicateReason, draft.value.duplicateComment],
  ]);
  useEffect(() => {
    if (!draft.ready) return;
    const { content, synced, server } = draft.value;
    const all = server && synced && !Object.keys(changes(content, synced)).length;
    tell((said) => (said.state === "saved" && !all ? { ...said, state: "typing" } : said));
    at.current.timer = window.setTimeout(() => void push(), HOLD);
    return () => window.clearTimeout(at.current.timer);
  }, [typed, draft.ready, push]);

  // What is answered after the page was left is found again by the same key, or by the version.
  useEffect(() => () => void (at.current.over = true), []);

  const back = returned.value;
  useEffect(() => {
    if (back && draft.ready) void push();
  }, [back, push]);

  return { ...told, flush: push };
}

/** The server's side of a draft, as kept on this machine. */
export function serverOf(held: Held): NonNullable<Values["server"]> {
  return { id: held.id, number: held.number, version: held.version, caseId: held.case.id };
}

/** A draft of the server, as a form on a machine that has not seen it. */
export function valuesOf(held: Held): Partial<Values> {
  const content = contentOf(held);
  return {
    server: serverOf(held),
    content,
    synced: content,
    patient: patientOf(held),
    from: held.requesterDepartment.id,
  };
}
