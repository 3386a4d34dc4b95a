/** Addresses of the front: which screen an address names, and how to go there. */
import { computed, signal } from "@preact/signals";

/** Where every address of the front begins. */
export const BASE = "/app";

interface Place {
  readonly path: string;
  readonly search: string;
}

function here(): Place {
  const path = location.pathname.slice(BASE.length).replace(/\/+$/, "") || "/";
  return { path, search: location.search };
}

/** The place shown now, without BASE. */
export const place = signal<Place>(here());

/** The part of the address after `?`, read; filters live there. */
export const query = computed(() => new URLSearchParams(place.value.search));

/** The address of a path of the front, for `href`; a plain click on it changes the screen without a new page. */
export function href(path: string, given: Record<string, string> = {}): string {
  const search = new URLSearchParams(given).toString();
  return `${BASE}${path}${search && `?${search}`}`;
}

/** Goes to a path of the front. */
export function go(path: string, { replace = false, search = "" }: { replace?: boolean; search?: string } = {}): void {
  const address = `${BASE}${path}${search && `?${search}`}`;
  if (replace) history.replaceState(history.state, "", address);
  else {
    history.replaceState({ top: window.scrollY }, ""); // to be found again on the way back
    history.pushState(null, "", address);
  }
  place.value = here();
}

const PATIENCE = 1500; // milliseconds for a list to grow as long again as it was

/** Shows the part of the page that was shown when it was left; the top of one that is new. */
export function scrollBack(): void {
  const top = (history.state as { top?: number } | null)?.top ?? 0;
  const until = performance.now() + PATIENCE;
  const from = place.peek();
  function attempt(): void {
    if (place.peek() !== from) return;
    window.scrollTo(0, top);
    if (window.scrollY < top - 1 && performance.now() < until) requestAnimationFrame(attempt);
  }
  attempt();
}

/** Changes what follows `?`: a value sets, "" or null takes away. Without a new entry in the history. */
export function setQuery(change: Record<string, string | null>): void {
  const next = new URLSearchParams(query.peek());
  for (const [name, value] of Object.entries(change)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  go(place.peek().path, { replace: true, search: next.toString() });
}

/** The named parts of a path that fits a pattern such as `/case/:id`, null when it does not fit. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const value = given[at] ?? "";
    if (part.startsWith(":") && value) found[part.slice(1)] = decodeURIComponent(value);
    else if (part !== value) return null;
  }
  return found;
}

history.scrollRestoration = "manual";
window.addEventListener("popstate", () => {
  place.value = here();
});

// One listener serves every link: a plain click on one of ours stays in the page, everything else is the browser's.
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = (event.target as Element).closest<HTMLAnchorElement>("a[href]");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (!`${link.pathname}/`.startsWith(`${BASE}/`) || (link.hash && link.pathname === location.pathname)) return;
  event.preventDefault();
  go(link.pathname.slice(BASE.length) || "/", { search: link.search.slice(1) });
});
