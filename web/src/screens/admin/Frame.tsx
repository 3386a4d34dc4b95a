import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { href, place, setQuery } from "../../app/router";
import { Select } from "../../kit";
import { can } from "../../net/session";
import { chosenHospital, ownHospitals } from "./places";
import { SECTIONS } from "./sections";
import "./style.css";
import { words } from "./words";

interface Props {
  readonly title: string;
  /** What one does here, in a sentence. */
  readonly lead?: string | undefined;
  /** What can be begun here. */
  readonly action?: ComponentChildren;
  /** Whether the screen is about one hospital, to be chosen by those who have several. */
  readonly ofHospital?: boolean | undefined;
  readonly children: ComponentChildren;
}

/** The frame of every screen of administration: its heading, and the way to the others that one's roles open. */
export function Frame({ title, lead, action, ofHospital, children }: Props) {
  const say = words();
  const own = ownHospitals();
  const sections = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone the row of sections is wider than the screen; the page itself stays where it is.
    const [row, here] = [sections.current?.firstElementChild, sections.current?.querySelector<HTMLElement>("[aria-current]")];
    if (row && here) row.scrollLeft = here.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
  }, []);
  return (
    <div class="admin stack">
      <div class="row spread">
        <h1>{title}</h1>
        {action}
      </div>
      <nav ref={sections} class="sections" aria-label={say.sections}>
        <ul>
          {SECTIONS.filter((one) => !one.permissions || can(...one.permissions)).map((one) => (
            <li key={one.path}>
              <a href={href(one.path)} aria-current={place.value.path === one.path ? "page" : undefined}>
                {say[one.word]}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      {lead ? <p class="aside lead">{lead}</p> : null}
      {ofHospital && own.length > 1 ? (
        <Select
          label={say.hospital}
          value={chosenHospital()?.id ?? ""}
          options={own.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(hospital) => setQuery({ hospital })}
        />
      ) : null}
      {children}
    </div>
  );
}
