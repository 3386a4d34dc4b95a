import { useState } from "preact/hooks";
import { Dialog } from "../kit";
import { language } from "../words";
import { href, place } from "./router";
import { offered, type Screen } from "./screens";
import { words } from "./words";

const AT_THUMB = 4; // screens that fit on a phone beside the word for the others

/** Where one can go: a column beside the screen, on a phone a row within the thumb's reach. */
export function Navigation() {
  const say = words();
  const [open, setOpen] = useState(false);
  const screens = offered();
  const fits = screens.length <= AT_THUMB + 1 ? screens.length : AT_THUMB;
  return (
    <nav class="navigation" aria-label={say.navigation}>
      <ul>
        {screens.map((screen, at) => (
          <li key={screen.path} class={at < fits ? "" : "beyond"}>
            <Way screen={screen} />
          </li>
        ))}
        {fits < screens.length ? (
          <li class="more">
            <button type="button" aria-haspopup="dialog" onClick={() => setOpen(true)}>
              {say.more}
            </button>
          </li>
        ) : null}
      </ul>
      {open ? (
        <Dialog title={say.moreScreens} onClose={() => setOpen(false)}>
          <ul class="all-screens" onClick={(event) => (event.target as Element).closest("a") && setOpen(false)}>
            {screens.map((screen) => (
              <li key={screen.path}>
                <Way screen={screen} />
              </li>
            ))}
          </ul>
        </Dialog>
      ) : null}
    </nav>
  );
}

function Way({ screen }: { readonly screen: Screen }) {
  const at = place.value.path;
  const current = at === screen.path || at.startsWith(`${screen.path}/`);
  return (
    <a
      href={href(screen.path)}
      aria-current={current ? "page" : undefined}
      aria-keyshortcuts={screen.key && `g ${screen.key}`}
    >
      {screen.title[language.value]}
    </a>
  );
}
