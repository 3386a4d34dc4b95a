/**
 * Where GraphiQL keeps tabs, variables and history: in this browser tab alone, for one person alone.
 * They may hold patients' numbers, and hospital workstations are shared; closing the tab, signing out, or another
 * person's session empties it. Headers, and so tokens, are never kept.
 */
import type { Storage as GraphiQLStorage } from "@graphiql/toolkit";

const PREFIX = "graphiql:";
const OWNER = "graphiql:owner";

/** The store to hand to GraphiQL; null (nothing is kept) where the browser forbids storage. */
export function tabStorage(): GraphiQLStorage | null {
  const store = sessionStore();
  if (!store) return null;
  return {
    getItem: (key) => store.getItem(key),
    setItem: (key, value) => store.setItem(key, value),
    removeItem: (key) => store.removeItem(key),
    clear: forget,
    get length() {
      return keys(store).length;
    },
  };
}

/** Keeps what is stored only when it was `owner`'s ("" for nobody signed in) or nobody's. */
export function keepFor(owner: string): void {
  const store = sessionStore();
  if (!store) return;
  const before = store.getItem(OWNER);
  if (before && before !== owner) forget();
  if (owner) store.setItem(OWNER, owner);
}

/** Removes everything GraphiQL kept. */
export function forget(): void {
  const store = sessionStore();
  if (store) for (const key of keys(store)) store.removeItem(key);
}

function keys(store: Storage): string[] {
  return Object.keys(store).filter((key) => key.startsWith(PREFIX));
}

function sessionStore(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}
