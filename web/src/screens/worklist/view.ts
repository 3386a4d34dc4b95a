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

const QUIET = 3000; // milliseconds after which what may be wanted next is fetched

/** A component whose code is fetched when it is `wanted`, or else when the page has been quiet; null until it is there. */
export function useLater<Props>(load: () => Promise<{ default: ComponentType<Props> }>, wanted: boolean): ComponentType<Props> | null {
  const [found, setFound] = useState<ComponentType<Props> | null>(null);
  useEffect(() => {
    if (found) return;
    let timer = 0;
    const again = () =>
      void load().then(
        (module) => setFound(() => module.default),
        () => (timer = window.setTimeout(again, 5000)), // the line is cut: the list works without
      );
    timer = window.setTimeout(again, wanted ? 0 : QUIET);
    return () => window.clearTimeout(timer);
  }, [wanted, found]);
  return found;
}

/** The code of the preview. It is asked for from here, in the frame: a chunk that asks for another needs a third. */
export const loadPreview = () => import("./Preview");
