/** The reader's language, and sentences that come in both: Chinese first, English complete. */
import { signal } from "@preact/signals";

export type Language = "zh" | "en";

const KEPT = "refnet.language"; // shared with the slide viewer, which writes zh-Hans

/** The language the page speaks now; reading it in a component draws that component anew when it changes. */
export const language = signal<Language>(localStorage.getItem(KEPT) === "en" ? "en" : "zh");

/** What the server is asked to speak, and what `lang` says. */
export function languageTag(): "zh-Hans" | "en" {
  return language.value === "en" ? "en" : "zh-Hans";
}

/** Speaks another language from now on, also on the next visit. */
export function speak(chosen: Language): void {
  language.value = chosen;
  localStorage.setItem(KEPT, languageTag());
  document.documentElement.lang = languageTag();
}

type Sentence = string | ((...given: never[]) => string);
interface Sentences {
  readonly [name: string]: Sentence | Sentences;
}
type Likewise<T> = T extends string
  ? string
  : T extends (...given: infer Given) => string
    ? (...given: Given) => string
    : { readonly [Name in keyof T]: Likewise<T[Name]> };

/** The words of a screen in both languages; English must have every name that Chinese has. Call it while drawing. */
export function defineWords<const Chinese extends Sentences>(both: {
  zh: Chinese;
  en: Likewise<Chinese>;
}): () => Likewise<Chinese> {
  return () => (language.value === "en" ? both.en : (both.zh as unknown as Likewise<Chinese>));
}

document.documentElement.lang = languageTag();
