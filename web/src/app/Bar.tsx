import { Clock, toast } from "../kit";
import { running } from "../net/glass";
import { moment } from "../net/moment";
import { me, signOut } from "../net/session";
import { language, speak } from "../words";
import { helpShown } from "./Help";
import { href } from "./router";
import { unread, useNoticeCount } from "./unread";
import { words } from "./words";

/** The bar at the top: product, hospital and role, notices, help, language, the way out. */
export function Bar() {
  const say = words();
  useNoticeCount();
  const person = me.value;
  const role = person?.roles[0];
  const where = [role?.hospital?.name, role?.department?.name, role?.division?.name].filter(Boolean).join(" ");
  return (
    <header class="bar">
      <a class="brand" href={href("/")}>
        {say.product}
      </a>
      <div class="who" title={person ? say.signedInAs(person.username) : undefined}>
        <span class="where">{where || say.noRole}</span>
        <span class="person">
          {person?.person.name}
          {role ? ` · ${role.label}` : ""}
          {person && person.roles.length > 1 ? ` +${person.roles.length - 1}` : ""}
        </span>
      </div>
      <Emergency />
      <div class="tools">
        <a class="tool bell" href={href("/notices")}>
          <span class="unseen">{say.notices}</span>
          <svg aria-hidden="true" viewBox="0 0 24 24" width="20" height="20">
            <path
              d="M12 3a6 6 0 0 0-6 6v4l-2 3h16l-2-3V9a6 6 0 0 0-6-6zM10 19a2 2 0 0 0 4 0"
              fill="none"
              stroke="currentColor"
              stroke-width="1.8"
              stroke-linejoin="round"
              stroke-linecap="round"
            />
          </svg>
          {unread.value ? <span class="count">{unread.value > 99 ? "99+" : unread.value}</span> : null}
          <span class="unseen">{unread.value ? say.unread : say.noneUnread}</span>
        </a>
        <button type="button" class="tool wide-only" aria-label={say.help} onClick={() => (helpShown.value = true)}>
          ?
        </button>
        <button
          type="button"
          class="tool"
          lang={language.value === "en" ? "zh-Hans" : "en"}
          aria-label={say.switchLanguageLabel}
          onClick={() => speak(language.value === "en" ? "zh" : "en")}
        >
          {say.switchLanguage}
        </button>
        <button
          type="button"
          class="tool"
          onClick={() => void signOut().then((problem) => problem && toast(problem.message))}
        >
          {say.signOut}
        </button>
      </div>
    </header>
  );
}

/** While an emergency access runs: how long it still lasts, and the way to end it. */
function Emergency() {
  const now = running.value;
  if (!now || now.person !== me.value?.person.id || Date.parse(now.endsAt) <= moment.value) return null;
  return (
    <a class="tool emergency" href={href(`/break-glass/${encodeURIComponent(now.id)}`)}>
      {words().emergency} <Clock dueAt={now.endsAt} />
    </a>
  );
}
