// Keeps the style of a screen to itself: every rule under src/screens/<name>/ holds only within `.screen-<name>`, which
// the stage puts on the main part of the page. A screen that takes parts from another's folder carries its scope too.
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import postcss from "postcss";
import type { Plugin } from "vite";

const SCREENS = fileURLToPath(new URL("src/screens/", import.meta.url));
const VIRTUAL = "virtual:scopes";
// A rule about what lies around a screen says so by beginning there.
const AROUND = /^(main|html|body|:root|::backdrop|\.shell)\b/;

/** The folders of screens from which each takes parts, itself among them, however far. */
function reached(): Record<string, string[]> {
  const direct = new Map<string, Set<string>>();
  for (const path of globSync("*/**/*.{ts,tsx}", { cwd: SCREENS })) {
    const [name = ""] = path.split("/");
    const taken = direct.get(name) ?? new Set([name]);
    const depth = path.split("/").length - 2; // folders between the screen's own and the file
    const upward = new RegExp(`["'](?:\\.\\./){${depth + 1}}([\\w-]+)/`, "g");
    for (const [, other = ""] of readFileSync(SCREENS + path, "utf8").matchAll(upward)) taken.add(other);
    direct.set(name, taken);
  }
  return Object.fromEntries([...direct.keys()].map((name) => [name, closure(name, direct)]));
}

function closure(name: string, direct: Map<string, Set<string>>, found = new Set<string>()): string[] {
  if (!found.has(name) && direct.has(name)) {
    found.add(name);
    for (const other of direct.get(name) ?? []) closure(other, direct, found);
  }
  return [...found].sort();
}

/** The plugin. */
export const scopes: Plugin = {
  name: "scopes",
  enforce: "pre",
  resolveId: (id) => (id === VIRTUAL ? `\0${VIRTUAL}` : null),
  load: (id) => (id === `\0${VIRTUAL}` ? `export const scopes = ${JSON.stringify(reached())};` : null),
  transform(code, id) {
    const name = /\/src\/screens\/([\w-]+)\/.*\.css$/.exec(id)?.[1];
    if (!name) return null;
    const root = postcss.parse(code);
    root.walkRules((rule) => {
      const { parent } = rule;
      if (parent?.type === "rule" || (parent?.type === "atrule" && "name" in parent && /keyframes$/.test(parent.name)))
        return;
      rule.selectors = rule.selectors.map((one) => (AROUND.test(one) ? one : `.screen-${name} ${one}`));
    });
    return { code: root.toString(), map: null };
  },
};
