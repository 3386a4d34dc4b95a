import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** One tab: its value (in the address, say) and its word. */
export interface Tab {
  readonly value: string;
  readonly label: ComponentChildren;
}

interface Props {
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What the chosen tab shows. */
  readonly children: ComponentChildren;
}

/** Views of which one is shown: arrows move, and what is shown follows. */
export function Tabs({ label, tabs, value, onChange, children }: Props) {
  const id = useId();

  function onKey(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, Home: -tabs.length, End: tabs.length };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const at = tabs.findIndex((one) => one.value === value);
    const next = Math.abs(step) === 1 ? (at + step + tabs.length) % tabs.length : step < 0 ? 0 : tabs.length - 1;
    const tab = tabs[next];
    if (!tab) return;
    onChange(tab.value);
    document.getElementById(`${id}-${tab.value}`)?.focus();
  }

  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} onKeyDown={onKey}>
        {tabs.map((tab) => (
          <button
            key={tab.value}
            id={`${id}-${tab.value}`}
            type="button"
            role="tab"
            aria-selected={tab.value === value}
            aria-controls={`${id}-panel`}
            tabIndex={tab.value === value ? 0 : -1}
            onClick={() => onChange(tab.value)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} class="stack" role="tabpanel" tabIndex={0} aria-labelledby={`${id}-${value}`}>
        {children}
      </div>
    </>
  );
}
