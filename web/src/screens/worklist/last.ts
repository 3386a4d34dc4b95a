let last = "";

/** Remembers what of the worklist was shown, for the way back to it. */
export function rememberList(search: string): void {
  last = search;
}

/** What of the worklist was shown last: its part of the address after `?`. */
export function lastList(): string {
  return last;
}
