/** The screens there are: each folder of `screens/` tells of its own in `screen.ts`, so that none is listed twice. */
import type { ComponentType } from "preact";
import { scopes } from "virtual:scopes";
import { can } from "../net/session";
import type { Language } from "../words";
import { href, match } from "./router";

/** What a screen is given: the named parts of its address. */
export interface ScreenProps {
  readonly params: Readonly<Record<string, string>>;
}

/** One screen. */
export interface Screen {
  /** Its address after /app, with named parts: `/case/:id`. */
  readonly path: string;
  /** Its title, on the tab and in the list of screens. */
  readonly title: Readonly<Record<Language, string>>;
  /** Loads it when it is first shown; the module's default export is the component. */
  readonly load: () => Promise<{ default: ComponentType<ScreenProps> }>;
  /** Its place in the navigation, the smallest first; left out of it when not given. */
  readonly order?: number;
  /** Whoever holds one of these permissions somewhere is offered it; everybody when not given. */
  readonly permissions?: readonly string[];
  /** The types whose objects it shows by their `:id`, such as Referral; a notice about one leads here. */
  readonly opens?: readonly string[];
  /** The key after `g` that goes there. */
  readonly key?: string;
}

// The default alone: the module whole would need the bundler's runtime, which is a file, and a wait, of its own.
const found = import.meta.glob<Screen | readonly Screen[]>("../screens/*/screen.ts", { eager: true, import: "default" });

const styles = new Map<Screen, string>();
for (const [path, one] of Object.entries(found)) {
  const folder = path.split("/").at(-2) ?? "";
  const names = (scopes[folder] ?? [folder]).map((name) => `screen-${name}`).join(" ");
  for (const screen of [one].flat()) styles.set(screen, names);
}

/** The classes within which the styles of a screen hold. */
export function stylesOf(screen: Screen): string {
  return styles.get(screen) ?? "";
}

/** Every screen, those in the navigation by their order. */
export const SCREENS: readonly Screen[] = Object.values(found)
  .flat()
  .sort((one, other) => (one.order ?? 1000) - (other.order ?? 1000));

/** The screens that the signed-in person is offered. */
export function offered(): readonly Screen[] {
  return SCREENS.filter((one) => one.order !== undefined && permitted(one));
}

/** The address that shows an object, "" when no screen does. */
export function addressOf(type: string, id: string): string {
  const screen = SCREENS.find((one) => one.opens?.includes(type));
  return screen ? href(screen.path.replace(":id", encodeURIComponent(id))) : "";
}

/** Whether the signed-in person may use a screen. */
export function permitted(screen: Screen): boolean {
  return !screen.permissions || can(...screen.permissions);
}

/** The screen of a path with its parts, null when there is none. */
export function screenAt(path: string): { screen: Screen; params: Record<string, string> } | null {
  for (const screen of SCREENS) {
    const params = match(screen.path, path);
    if (params) return { screen, params };
  }
  return null;
}
