import { useState } from "preact/hooks";
import { query, setQuery } from "../../app/router";
import { Badge, Button, dateTime, Dialog, Empty, Loading, type Option, StepForm, TextField, toast, Trouble } from "../../kit";
import { call } from "../../net/client";
import { useRead } from "../../net/hooks";
import { can, me } from "../../net/session";
import { AccountHomes, type AccountRowFragment, Accounts, CreatePerson, IssueSetupLink } from "../../operations";
import { Frame } from "../admin/Frame";
import { type Act, ActDialog } from "./ActDialog";
import "./style.css";
import { words } from "./words";

interface Link {
  readonly name: string;
  readonly address: string;
}

/** The accounts that one keeps: made and closed by the system administrator, unlocked and reset by the security one. */
export default function AccountsScreen() {
  const say = words();
  const text = query.value.get("find") ?? "";
  const { data, problem, reload, busy } = useRead(Accounts, { text: text || null, after: null }, { keep: true });
  const [making, make] = useState(false);
  const [opened, open] = useState<{ readonly act: Act | "link"; readonly row: AccountRowFragment } | null>(null);
  const [link, show] = useState<Link | null>(null);
  const rows = data?.accounts.nodes ?? [];

  function linked(account: { readonly name: string; readonly setupLink?: string | null } | null | undefined): void {
    make(false);
    open(null);
    if (account?.setupLink) show({ name: account.name, address: location.origin + account.setupLink });
    void reload();
  }

  const create = can("create_person") ? (
    <Button kind="primary" onClick={() => make(true)}>
      {say.create}
    </Button>
  ) : null;
  return (
    <Frame title={say.title} lead={can("create_person") ? say.leadSystem : say.leadSecurity} action={create}>
      <div class="find">
        <TextField label={say.find} hint={say.findHint} type="search" value={text} onChange={(find) => setQuery({ find })} />
      </div>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && busy ? <Loading /> : null}
      {data && !rows.length ? <Empty title={say.none}>{say.noneHint}</Empty> : null}
      <ul class="plain panel accounts">
        {rows.map((row) => (
          <Row key={row.id} row={row} open={(act) => open({ act, row })} />
        ))}
      </ul>
      {making ? (
        <Dialog title={say.create} onClose={() => make(false)}>
          <StepForm
            operation={CreatePerson}
            row={null}
            fields={[
              { kind: "text", name: "name", label: say.name, required: true, maxLength: 60 },
              { kind: "text", name: "username", label: say.username, hint: say.usernameHint, required: true, maxLength: 150 },
              { kind: "text", name: "title", label: say.jobTitle, maxLength: 40 },
              { kind: "search", name: "hospital", label: say.home, hint: say.homeHint, required: true, search: homes },
            ]}
            submit={say.create}
            cancel={() => make(false)}
            done={({ createPerson }) => linked(createPerson?.account)}
          />
        </Dialog>
      ) : null}
      {opened?.act === "link" ? (
        <Dialog title={say.linkOf(opened.row.name)} onClose={() => open(null)}>
          <StepForm
            operation={IssueSetupLink}
            row={null}
            fields={[]}
            extra={{ id: opened.row.id }}
            submit={say.link}
            cancel={() => open(null)}
            done={({ issueSetupLink }) => linked(issueSetupLink?.account)}
          >
            <p>{say.linkSure}</p>
          </StepForm>
        </Dialog>
      ) : null}
      {opened && opened.act !== "link" ? (
        <ActDialog
          act={opened.act}
          row={opened.row}
          close={() => open(null)}
          done={(told) => {
            open(null);
            toast(told);
            void reload();
          }}
        />
      ) : null}
      {link ? <LinkDialog link={link} close={() => show(null)} /> : null}
    </Frame>
  );
}

async function homes(text: string, signal: AbortSignal): Promise<readonly Option[]> {
  const answer = await call(AccountHomes, { text }, { signal });
  return answer.ok ? answer.data.hospitals.nodes.map(({ id, name }) => ({ value: id, label: name })) : [];
}

function Row({ row, open }: { readonly row: AccountRowFragment; readonly open: (act: Act | "link") => void }) {
  const say = words();
  const mine = row.person === me.value?.person.id;
  return (
    <li>
      <div>
        <strong>{row.name}</strong> <span class="aside">{row.username}</span> {row.active ? null : <Badge tone="warn">{say.inactive}</Badge>}{" "}
        {row.locked ? <Badge tone="bad">{say.locked}</Badge> : null}
        <p class="aside">
          {[row.home?.name, row.secondFactor ? say.twoSteps : say.oneStep, row.lastLogin ? say.last(dateTime(row.lastLogin)) : say.never].filter(Boolean).join(" · ")}
        </p>
      </div>
      {mine || !row.active ? null : (
        <div class="row">
          {can("unlock_person") && row.locked ? (
            <Button small aria-label={say.unlockOf(row.name)} onClick={() => open("unlock")}>
              {say.unlock}
            </Button>
          ) : null}
          {can("reset_second_factor") && row.secondFactor ? (
            <Button small kind="danger" aria-label={say.resetOf(row.name)} onClick={() => open("reset")}>
              {say.reset}
            </Button>
          ) : null}
          {can("issue_setup_link") ? (
            <Button small aria-label={say.linkOf(row.name)} onClick={() => open("link")}>
              {say.link}
            </Button>
          ) : null}
          {can("deactivate_person") ? (
            <Button small kind="danger" aria-label={say.closeOf(row.name)} onClick={() => open("close")}>
              {say.close}
            </Button>
          ) : null}
        </div>
      )}
    </li>
  );
}

/** The link, this once; it goes away only when told to. */
function LinkDialog({ link, close }: { readonly link: Link; readonly close: () => void }) {
  const say = words();
  return (
    <Dialog title={say.link}>
      <p>
        {link.name}
        <output class="secret" aria-label={say.link}>
          {link.address}
        </output>
      </p>
      <p class="aside">{say.linkOnce}</p>
      <div class="row">
        <Button onClick={() => void navigator.clipboard.writeText(link.address).then(() => toast(say.copied))}>{say.copy}</Button>
        <Button kind="primary" onClick={close}>
          {say.done}
        </Button>
      </div>
    </Dialog>
  );
}
