/** Keys of a list: j and k move through its rows, others press what a row offers. */
import type { RefObject } from "preact";
import { useMemo } from "preact/hooks";
import { language } from "../words";
import { type Key, useKeys } from "./keys";
import { words } from "./words";

/** A key that presses the first control of the row with the focus that fits a selector. */
export interface RowKey {
  readonly keys: string;
  readonly does: string;
  readonly press: string;
}

/** Makes j, k and the row's own keys work on the `li` of a list. Give the same array until it changes. */
export function useListKeys(list: RefObject<HTMLElement>, rowKeys: readonly RowKey[]): void {
  const tongue = language.value;
  const keys = useMemo<readonly Key[]>(() => {
    const say = words();
    const move = (by: number) => {
      const rows = [...(list.current?.querySelectorAll<HTMLElement>("li") ?? [])];
      const at = rows.findIndex((one) => one.contains(document.activeElement));
      const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1);
      rows[next]?.querySelector<HTMLElement>("a, button")?.focus();
    };
    const press = (selector: string) =>
      document.activeElement?.closest("li")?.querySelector<HTMLElement>(selector)?.click();
    return [
      { keys: "j", does: say.nextRow, run: () => move(1) },
      { keys: "k", does: say.previousRow, run: () => move(-1) },
      ...rowKeys.map((one) => ({ keys: one.keys, does: one.does, run: () => press(one.press) })),
    ];
  }, [tongue, rowKeys]);
  useKeys(keys);
}
