/**
 * What somebody is typing, kept on this machine until it is sent or they sign out: encrypted in IndexedDB with a key
 * that no script can read out. Without a secure context (plain http to another machine) a draft lasts as long as the page.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

const NAME = "refnet-drafts";
const memory = new Map<string, string>();
let closed = false; // once everything was forgotten, what is still on its way to be kept is not
const safe = typeof indexedDB !== "undefined" && typeof crypto.subtle !== "undefined";

interface Kept {
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly sealed: ArrayBuffer;
}

function open(): Promise<IDBDatabase> {
  return new Promise((go, fail) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("keys");
      asked.result.createObjectStore("drafts");
    };
    asked.onsuccess = () => go(asked.result);
    asked.onerror = () => fail(asked.error);
  });
}

async function within<Result>(
  store: "keys" | "drafts",
  mode: IDBTransactionMode,
  work: (rows: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const base = await open();
  try {
    return await new Promise((go, fail) => {
      const asked = work(base.transaction(store, mode).objectStore(store));
      asked.onsuccess = () => go(asked.result);
      asked.onerror = () => fail(asked.error);
    });
  } finally {
    base.close();
  }
}

async function keyOf(person: string): Promise<CryptoKey> {
  const kept = await within<CryptoKey | undefined>("keys", "readonly", (rows) => rows.get(person));
  if (kept) return kept;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await within("keys", "readwrite", (rows) => rows.put(made, person));
  return made;
}

/** Keeps a draft of a person under a name. */
export async function keepDraft(person: string, name: string, value: unknown): Promise<void> {
  if (closed) return;
  const at = `${person} ${name}`;
  const text = JSON.stringify(value);
  if (!safe) return void memory.set(at, text);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await keyOf(person);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(text));
  await within("drafts", "readwrite", (rows) => rows.put({ iv, sealed } satisfies Kept, at));
}

/** The draft of a person under a name, null when there is none that can be read. */
export async function findDraft<Value>(person: string, name: string): Promise<Value | null> {
  const at = `${person} ${name}`;
  if (!safe) return JSON.parse(memory.get(at) ?? "null") as Value | null;
  const kept = await within<Kept | undefined>("drafts", "readonly", (rows) => rows.get(at));
  if (!kept) return null;
  try {
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, await keyOf(person), kept.sealed);
    return JSON.parse(new TextDecoder().decode(opened)) as Value;
  } catch {
    return null; // sealed with a key that is gone
  }
}

/** Forgets a draft, because it was sent or discarded. */
export async function dropDraft(person: string, name: string): Promise<void> {
  memory.delete(`${person} ${name}`);
  if (safe) await within("drafts", "readwrite", (rows) => rows.delete(`${person} ${name}`));
}

/** Forgets every draft and every key on this machine, and keeps none from now on: the page is about to be left. */
export async function clearDrafts(): Promise<void> {
  closed = true;
  memory.clear();
  if (!safe) return;
  await within("drafts", "readwrite", (rows) => rows.clear());
  await within("keys", "readwrite", (rows) => rows.clear());
}

/** A form's draft. */
export interface Draft<Value> {
  readonly value: Value;
  /** Changes some of it; kept on this machine within half a second, however long one goes on typing. */
  readonly set: (change: Partial<Value>) => void;
  /** Resolves once everything up to now is kept: before what must outlive the page is sent, and after its answer. */
  readonly keep: () => Promise<void>;
  /** False until it is known whether an earlier draft is there: show the form only then. */
  readonly ready: boolean;
  /** Whether the value comes from an earlier visit. */
  readonly restored: boolean;
  /** Begins anew and forgets what was kept; call it once sent. */
  readonly drop: () => void;
}

const HOLD = 500; // milliseconds after which what was typed is written down

/** A draft by name for the signed-in person, over `empty`; what an earlier visit left is there again. */
export function useDraft<Value extends object>(person: string, name: string, empty: Value): Draft<Value> {
  const [state, setState] = useState({ value: empty, ready: false, restored: false });
  const last = useRef({ value: empty, timer: 0, dirty: false });
  const kept = useRef(Promise.resolve());

  const keep = useCallback((): Promise<void> => {
    window.clearTimeout(last.current.timer);
    last.current.timer = 0;
    if (last.current.dirty) {
      const { value } = last.current;
      last.current.dirty = false;
      // One after the other, so that the last word is what stays.
      kept.current = kept.current.then(() => keepDraft(person, name, value)).catch((fault: unknown) => console.error(fault));
    }
    return kept.current;
  }, [person, name]);

  useEffect(() => {
    let gone = false;
    setState({ value: empty, ready: false, restored: false });
    last.current = { value: empty, timer: 0, dirty: false };
    void findDraft<Value>(person, name)
      .catch(() => null)
      .then((found) => {
        if (gone) return;
        const value = found ? { ...empty, ...found } : empty;
        last.current.value = value;
        setState({ value, ready: true, restored: found !== null });
      });
    const leave = () => void keep();
    document.addEventListener("visibilitychange", leave); // a phone may end a hidden page without a word
    window.addEventListener("pagehide", leave);
    return () => {
      gone = true;
      leave();
      document.removeEventListener("visibilitychange", leave);
      window.removeEventListener("pagehide", leave);
    };
  }, [person, name]);

  const set = useCallback(
    (change: Partial<Value>) => {
      const at = last.current;
      at.value = { ...at.value, ...change };
      at.dirty = true;
      at.timer ||= window.setTimeout(() => void keep(), HOLD);
      setState((before) => ({ ...before, value: at.value }));
    },
    [keep],
  );

  const drop = useCallback(() => {
    window.clearTimeout(last.current.timer);
    last.current = { value: empty, timer: 0, dirty: false };
    setState({ value: empty, ready: true, restored: false });
    void dropDraft(person, name);
  }, [person, name]);

  return { ...state, set, keep, drop };
}
