import "./style.css";
import { Empty } from "../../kit";
import { me } from "../../net/session";
import { FactorsPanel } from "./Factors";
import { PasswordPanel } from "./Password";
import { PreferencesPanel } from "./Preferences";
import { SessionsPanel } from "./Sessions";
import { TokensPanel } from "./Tokens";
import { words } from "./words";

/** Who I am to the network, how I am told, and the tokens of my systems. */
export default function Profile() {
  const say = words();
  const person = me.value;
  if (!person) return null;
  return (
    <>
      <h1>{say.title}</h1>
      <div class="profile">
        <section class="panel">
          <h2>{say.account}</h2>
          <dl class="facts">
            <dt>{say.name}</dt>
            <dd>{person.person.name}</dd>
            <dt>{say.username}</dt>
            <dd>{person.username}</dd>
          </dl>
        </section>
        <section class="panel">
          <h2>{say.roles}</h2>
          {person.roles.length ? (
            <ul class="lines">
              {person.roles.map((role) => (
                <li key={role.id}>
                  <strong>{role.label}</strong>
                  <span class="aside">
                    {[role.hospital?.name, role.department?.name, role.division?.name].filter(Boolean).join(" ")}
                  </span>
                </li>
              ))}
            </ul>
          ) : (
            <Empty title={say.noRoles}>{say.noRolesHint}</Empty>
          )}
        </section>
        <FactorsPanel />
        <PasswordPanel />
        <SessionsPanel />
        <PreferencesPanel />
        <TokensPanel />
      </div>
    </>
  );
}
