import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

const WIDE = window.matchMedia("(min-width: 68rem)");

/** Whether there is room for a preview beside the list. */
export function useWide(): boolean {
  const [wide, setWide] = useState(WIDE.matches);
  useEffect(() => {
    const heard = () => setWide(WIDE.matches);
    WIDE.addEventListener("change", heard);
    return () => WIDE.removeEventListener("change", heard);
  }, []);
  return wide;
}

/** A component whose code is fetched when it is first drawn; null until it is there. */
export function useLater<Props>(load: () => Promise<{ default: ComponentType<Props> }>): ComponentType<Props> | null {
  const [found, setFound] = useState<ComponentType<Props> | null>(null);
  useEffect(() => {
    let gone = false;
    const again = () =>
      load().then(
        (module) => !gone && setFound(() => module.default),
        () => !gone && window.setTimeout(() => void again(), 5000), // the line is cut: the list works without
      );
    void again();
    return () => {
      gone = true;
    };
  }, []);
  return found;
}
