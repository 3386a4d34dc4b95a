import { useEffect, useRef, useState } from "preact/hooks";
import { Banner, Button, Loading } from "../../../kit";
import { signInAgain } from "../../../net/client";
import type { KeyImage, Screen } from "../../../viewer/mount";
import { words } from "./words";

/** What the page around may ask of the viewer. */
export interface ViewerHandle {
  readonly show: (slide: string) => void;
  readonly visit: (image: Pick<KeyImage, "slideId" | "x" | "y" | "width" | "height">) => void;
  readonly focus: () => void;
}

interface Props {
  /** The slide that is shown first. */
  readonly slide: string;
  readonly changed: (screen: Screen) => void;
  readonly leave: () => void;
  readonly handle: { current: ViewerHandle | null };
}

/** The slide viewer, fetched when it is first needed. */
export function SlideViewer({ slide, changed, leave, handle }: Props) {
  const say = words();
  const place = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<"loading" | "shown" | "failed">("loading");
  const [turn, setTurn] = useState(0);
  const heard = useRef({ changed, leave });
  heard.current = { changed, leave };

  useEffect(() => {
    let gone = false;
    let close: (() => void) | undefined;
    setState("loading");
    import("../../../viewer/mount").then(
      ({ mount }) => {
        // A tree of its own can be given to an element once: each viewer gets a fresh one.
        const inside = document.createElement("div");
        inside.className = "viewer-tree";
        if (gone || !place.current) return;
        place.current.replaceChildren(inside);
        const viewer = mount(inside, {
          changed: (screen) => heard.current.changed({ ...screen }),
          leave: () => heard.current.leave(),
          signInAgain,
        });
        close = () => viewer.close();
        handle.current = {
          show: (other) => void viewer.show(other),
          visit: (image) => void viewer.visit(image),
          focus: () => viewer.focus(),
        };
        setState("shown");
        void viewer.show(slide);
      },
      () => !gone && setState("failed"),
    );
    return () => {
      gone = true;
      handle.current = null;
      close?.();
    };
  }, [turn]);

  return (
    <section class="viewer-frame" aria-label={say.viewer}>
      {state === "loading" ? <Loading what={say.openingViewer} /> : null}
      {state === "failed" ? (
        <Banner
          tone="bad"
          action={
            <Button small onClick={() => setTurn(turn + 1)}>
              {say.retry}
            </Button>
          }
        >
          {say.viewerFailed}
        </Banner>
      ) : null}
      <div class="viewer-place" ref={place} />
    </section>
  );
}
