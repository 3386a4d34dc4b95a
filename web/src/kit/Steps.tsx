import type { Role } from "../operations";
import { Button } from "./Button";
import { roleName } from "./roles";
import { words } from "./words";

/** A step as `availableActions` tells it. */
export interface Available {
  readonly action: string;
  readonly label: string;
  readonly allowed: boolean;
  readonly reason: string | null;
  readonly who: readonly {
    readonly hospital: string | null;
    readonly department: string | null;
    readonly roles: readonly Role[];
  }[];
}

interface Props {
  readonly actions: readonly Available[];
  /** Begins a step; those that the page has no form for are left out by `forms`. */
  readonly begin: (action: string) => void;
  /** The steps that the page can take, the most usual first. */
  readonly forms: readonly string[];
  /** Steps that end or undo something; they look it. */
  readonly dangerous?: readonly string[];
  /** The key of a step. */
  readonly keys?: Readonly<Record<string, string>>;
}

/** What may be done now, as buttons; what may not, with the reason and who could. */
export function Steps({ actions, begin, forms, dangerous = [], keys = {} }: Props) {
  const say = words();
  const known = forms.flatMap((name) => actions.filter((one) => one.action === name));
  const open = known.filter((one) => one.allowed);
  const blocked = known.filter((one) => !one.allowed);
  const first = open.find((one) => !dangerous.includes(one.action));
  return (
    <div class="steps">
      <div class="row">
        {open.map((one) => (
          <Button
            key={one.action}
            kind={one === first ? "primary" : dangerous.includes(one.action) ? "danger" : "plain"}
            {...(keys[one.action] && { keyHint: keys[one.action]! })}
            onClick={() => begin(one.action)}
          >
            {one.label}
          </Button>
        ))}
      </div>
      {blocked.length ? (
        <details>
          <summary>{say.blocked(blocked.length)}</summary>
          <dl class="blocked">
            {blocked.map((one) => (
              <div key={one.action}>
                <dt>{one.label}</dt>
                <dd>
                  {one.reason}
                  <WhoCan who={one.who} />
                </dd>
              </div>
            ))}
          </dl>
        </details>
      ) : null}
    </div>
  );
}

/** Who could take a step: 湘雅二医院 儿科（接诊专家）. */
export function WhoCan({ who }: { readonly who: Available["who"] }) {
  if (!who.length) return null;
  const all = who.map(({ hospital, department, roles }) => {
    const names = roles.map(roleName).join("、");
    const place = [hospital, department].filter(Boolean).join(" ");
    return place ? `${place}（${names}）` : names;
  });
  return <span class="aside"> {words().whoCan(all.join("；"))}</span>;
}
