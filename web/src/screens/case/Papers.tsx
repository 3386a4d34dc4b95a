import { can } from "../../net/session";
import { href } from "../../app/router";
import type { CaseLegFragment } from "../../operations";
import { words } from "./words";

/** The printed forms of a leg that there is something to print of; each opens beside the page. */
export function Papers({ leg }: { readonly leg: CaseLegFragment }) {
  const say = words();
  if (leg.accessLevel !== "FULL") return null;
  const forms: readonly (readonly [string, string, boolean])[] = [
    ["referral", say.formReferral, true],
    ["handover", say.formHandover, Boolean(leg.journeys?.length || leg.handover)],
    ["outcome", say.formOutcome, Boolean(leg.outcomes?.length)],
  ];
  return (
    <p class="papers no-print">
      <span class="aside">{say.print}</span>
      {forms.map(([name, label, there]) =>
        there ? (
          <a key={name} href={`/forms/${leg.id}/${name}.pdf`} target="_blank" rel="noopener">
            {label}
          </a>
        ) : null,
      )}
    </p>
  );
}

/** Where else the leg is worked on: its draft, or its call for help. */
export function Elsewhere({ leg }: { readonly leg: CaseLegFragment }) {
  const say = words();
  const draft = leg.steps.some((one) => one.action === "updateReferral" && one.allowed);
  const call = leg.pathway === "GREEN_CHANNEL" && !leg.closedAt && can("activate_green_channel", "choose_offer");
  if (!draft && !call) return null;
  return (
    <p class="row">
      {draft ? <a href={href("/new", { draft: leg.id })}>{say.editDraft}</a> : null}
      {call ? <a href={href(`/green/${leg.id}`)}>{say.continueGreen}</a> : null}
    </p>
  );
}
