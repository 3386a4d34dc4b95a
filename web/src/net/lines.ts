/**
 * The lines that streams may hold. Over HTTP/1.1 a browser gives one host six lines for all its pages together: were
 * every stream to hold one, no page could ask for anything any more. So streams share a few among all pages.
 */
const SHARED = 4;

/** Takes a line; the function gives it back. Null when all are taken. */
export async function takeLine(): Promise<(() => void) | null> {
  if (!scarce() || !("locks" in navigator)) return () => undefined;
  for (let n = 0; n < SHARED; n += 1) {
    const leave = await hold(`refnet.line.${n}`);
    if (leave) return leave;
  }
  return null;
}

/** Whether each request takes a line of its own; HTTP/2 and later send all over one. */
function scarce(): boolean {
  const [page] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return !/^h[23]/.test(page?.nextHopProtocol ?? "");
}

/** Holds a lock that all pages of this browser know; it is free again when the page is gone, however it went. */
function hold(name: string): Promise<(() => void) | null> {
  return new Promise((taken) => {
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (!lock) return taken(null);
      return new Promise<void>((leave) => taken(leave));
    });
  });
}
