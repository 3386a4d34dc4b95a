import { useEffect, useRef, useState } from "preact/hooks";
import { href } from "../../app/router";
import { Banner, Button, ButtonLink, Empty, FileField, Loading, Select, Table, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import type { Problem } from "../../net/problem";
import { me } from "../../net/session";
import { AlliancesToFill } from "../../operations";
import { languageTag } from "../../words";
import { Frame } from "./Frame";
import { words } from "./import-words";
import { type Counted, KINDS, type Kind, listOf, MOST, type Verdict } from "./list";

type List = ReturnType<typeof listOf>;

/** A list of members for an alliance: chosen, tried with every mistake by row and column, and imported as a whole. */
export default function ImportScreen() {
  const say = words();
  const { data, problem, reload } = useRead(AlliancesToFill, {});
  const places = new Set(me.value?.roles.map((role) => role.hospital?.id));
  const led = data?.alliances.filter((one) => places.has(one.lead.id)) ?? [];
  const [chosen, choose] = useState("");
  const alliance = chosen || led[0]?.code || "";
  const [list, setList] = useState<List | null>(null);
  return (
    <Frame title={say.title} lead={say.lead}>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && !problem ? <Loading /> : null}
      {data && !led.length ? <Empty title={say.none}>{say.noneHint}</Empty> : null}
      {led.length ? (
        <>
          <ol class="import-steps">
            <li>
              <a href={`/members/template.xlsx?language=${languageTag().toLowerCase()}`} download="members.xlsx">
                {say.template}
              </a>
              <p class="aside">{say.templateHint}</p>
            </li>
            <li class="stack">
              {led.length > 1 ? (
                <Select
                  label={say.alliance}
                  value={alliance}
                  options={led.map(({ code, name }) => ({ value: code, label: `${name} · ${code}` }))}
                  onChange={(code) => {
                    choose(code);
                    setList(null);
                  }}
                />
              ) : (
                <p>
                  {say.alliance}: <strong>{led[0]?.name}</strong> <span class="aside">{say.code(alliance)}</span>
                </p>
              )}
              <FileField
                label={say.file}
                hint={say.fileHint}
                accept=".xlsx,.csv"
                most={MOST}
                onFiles={([file]) => file && setList(listOf(alliance, file))}
              />
            </li>
          </ol>
          {list ? <Tried key={list.key} list={list} /> : null}
        </>
      ) : null}
    </Frame>
  );
}

/** What the server says of a list, and the way to import it. */
function Tried({ list }: { readonly list: List }) {
  const say = words();
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const head = useRef<HTMLHeadingElement>(null);

  async function ask(importing: boolean): Promise<void> {
    setBusy(true);
    setProblem(null);
    const answer = await (importing ? list.import() : list.try());
    setBusy(false);
    if (answer.ok) setVerdict(answer.data);
    else setProblem(answer.problem);
  }

  useEffect(() => void ask(false), []);
  useEffect(() => {
    if (verdict) head.current?.focus();
  }, [verdict]);

  const changes = verdict?.report ? KINDS.reduce((sum, kind) => sum + changed(verdict.report?.[kind]), 0) : 0;
  return (
    <section class="stack" aria-busy={busy} aria-labelledby="tried">
      <h2 id="tried" ref={head} tabIndex={-1}>
        {verdict?.imported ? say.done(list.name) : say.of(list.name)}
      </h2>
      <Trouble problem={problem} retry={() => void ask(verdict !== null)} />
      {busy && !verdict ? <Loading what={say.trying} /> : null}
      {verdict?.problemCount ? <Mistakes verdict={verdict} /> : null}
      {verdict?.report ? (
        <>
          {verdict.imported ? (
            <Banner tone="good" action={<ButtonLink href={href("/admin/members")}>{say.toMembers}</ButtonLink>}>
              {say.imported(changes)}
            </Banner>
          ) : (
            <Banner tone={changes ? "good" : "info"}>{changes ? say.right : say.nothing}</Banner>
          )}
          <Changes report={verdict.report} imported={verdict.imported} />
          {!verdict.imported && changes ? (
            <p>
              <Button kind="primary" busy={busy} onClick={() => void ask(true)}>
                {say.import(changes)}
              </Button>
            </p>
          ) : null}
        </>
      ) : null}
    </section>
  );
}

function changed(counted: Counted | undefined): number {
  return counted ? counted.created + counted.updated : 0;
}

function Mistakes({ verdict }: { readonly verdict: Verdict }) {
  const say = words();
  return (
    <>
      <Banner tone="bad">{say.mistakes(verdict.problemCount)}</Banner>
      <Table
        caption={say.mistakesTitle}
        rows={verdict.problems.map((one, at) => ({ ...one, at }))}
        keyOf={({ at }) => String(at)}
        columns={[
          { key: "line", head: say.line, names: true, cell: ({ line }) => (line ? say.lineOf(line) : say.whole) },
          { key: "column", head: say.column, cell: ({ column }) => column || "—" },
          { key: "value", head: say.value, cell: ({ value }) => (value ? <code>{value}</code> : say.blank) },
          { key: "message", head: say.remedy, cell: ({ message }) => message },
        ]}
      />
      {verdict.problems.length < verdict.problemCount ? <p class="aside">{say.firstOnly(verdict.problems.length)}</p> : null}
    </>
  );
}

function Changes({ report, imported }: { readonly report: Readonly<Record<Kind, Counted>>; readonly imported: boolean }) {
  const say = words();
  return (
    <>
      <Table
        caption={say.counts}
        rows={KINDS.map((kind) => ({ kind, ...report[kind] }))}
        keyOf={({ kind }) => kind}
        columns={[
          { key: "kind", head: say.what, names: true, cell: ({ kind }) => say.kinds[kind] },
          { key: "created", head: say.created, numeric: true, cell: ({ created }) => created },
          { key: "updated", head: say.updated, numeric: true, cell: ({ updated }) => updated },
          { key: "unchanged", head: say.unchanged, numeric: true, cell: ({ unchanged }) => unchanged },
        ]}
      />
      {KINDS.filter((kind) => changed(report[kind])).map((kind) => (
        <details key={kind} open={!imported && changed(report[kind]) <= 20}>
          <summary>{say.changesOf(say.kinds[kind], changed(report[kind]))}</summary>
          <ul class="changes">
            {report[kind].new.map((name) => (
              <li key={name}>
                <b>{say.created}</b> {name}
              </li>
            ))}
            {report[kind].changes.map(({ name, fields }) => (
              <li key={name}>
                <b>{say.updated}</b> {name} <span class="aside">{fields.map((one) => say.fields[one as keyof typeof say.fields] ?? one).join(say.comma)}</span>
              </li>
            ))}
          </ul>
          {report[kind].new.length + report[kind].changes.length < changed(report[kind]) ? <p class="aside">{say.more}</p> : null}
        </details>
      ))}
    </>
  );
}
