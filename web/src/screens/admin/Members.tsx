import { useEffect, useState } from "preact/hooks";
import { href, query, setQuery } from "../../app/router";
import { Ago, Badge, Button, ButtonLink, date, Dialog, Empty, Loading, Select, Table, TextField, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { can } from "../../net/session";
import { type HospitalLevel, Member, MemberChoices, Members } from "../../operations";
import { Frame } from "./Frame";
import { words } from "./words";

const LEVELS: readonly HospitalLevel[] = ["PROVINCE", "CITY", "COUNTY"];
const [PAGE, MOST, REST] = [30, 100, 300]; // rows, rows, milliseconds after the last character

/** The directory of members; what is looked for stands in the address. */
export default function MembersScreen() {
  const say = words();
  const find = query.value.get("find") ?? "";
  const text = useRest(find);
  const alliance = query.value.get("alliance") ?? "";
  const division = query.value.get("division") ?? "";
  const level = LEVELS.find((one) => one === query.value.get("level"));
  const open = query.value.get("hospital");
  const [first, setFirst] = useState(PAGE);
  const choices = useRead(MemberChoices, {});
  const { data, problem, busy, reload } = useRead(
    Members,
    { first, text: text.trim() || undefined, alliance: alliance || undefined, division: division || undefined, level },
    { keep: true },
  );
  const rows = data?.hospitals.nodes;
  return (
    <Frame
      title={say.membersTitle}
      lead={say.membersLead}
      action={can("import_members") ? <ButtonLink href={href("/admin/import")}>{say.importList}</ButtonLink> : null}
    >
      <div class="filters">
        <TextField label={say.find} type="search" value={find} onChange={(next) => setQuery({ find: next })} />
        <Select
          label={say.alliance}
          empty={say.everyAlliance}
          value={alliance}
          options={(choices.data?.alliances ?? []).map(({ code, name, memberCount }) => ({ value: code, label: `${name} · ${memberCount}` }))}
          onChange={(next) => setQuery({ alliance: next })}
        />
        <Select
          label={say.level}
          empty={say.everyLevel}
          value={level ?? ""}
          options={LEVELS.map((one) => ({ value: one, label: say.levels[one] }))}
          onChange={(next) => setQuery({ level: next })}
        />
        <Select
          label={say.prefecture}
          empty={say.everyPrefecture}
          value={division}
          options={(choices.data?.divisions ?? []).map(({ code, name }) => ({ value: code, label: name }))}
          onChange={(next) => setQuery({ division: next })}
        />
      </div>
      <Trouble problem={problem ?? choices.problem} retry={() => void reload()} />
      {!rows && busy ? <Loading /> : null}
      {data ? (
        <p class="aside" role="status">
          {say.found(data.hospitals.totalCount)}
        </p>
      ) : null}
      {rows && !rows.length ? <Empty title={say.noMember}>{say.noMemberHint}</Empty> : null}
      {rows?.length ? (
        <Table
          caption={say.membersTitle}
          rows={rows}
          keyOf={(row) => row.id}
          columns={[
            {
              key: "name",
              head: say.name,
              names: true,
              cell: (row) => (
                <span>
                  <button type="button" class="link" aria-haspopup="dialog" title={say.open(row.name)} onClick={() => setQuery({ hospital: row.id })}>
                    {row.name}
                  </button>{" "}
                  {row.illustrative ? <Badge>{say.illustrative}</Badge> : null}
                </span>
              ),
            },
            { key: "level", head: say.level, cell: (row) => say.levels[row.level] },
            { key: "place", head: say.place, cell: (row) => [row.division.parent?.name, row.division.name].filter(Boolean).join(" ") },
            { key: "kind", head: say.kind, cell: (row) => `${say.kinds[row.kind]} · ${say.grades[row.grade]}` },
            { key: "phone", head: say.phone, cell: (row) => (row.phone ? <a href={`tel:${row.phone}`}>{row.phone}</a> : say.no) },
            {
              key: "status",
              head: say.status,
              cell: (row) => <Badge tone={row.status === "ACTIVE" ? "good" : "warn"}>{say.statuses[row.status]}</Badge>,
            },
          ]}
        />
      ) : null}
      {data?.hospitals.pageInfo.hasNextPage && first < MOST ? (
        <Button busy={busy} onClick={() => setFirst(Math.min(first + PAGE, MOST))}>
          {say.more}
        </Button>
      ) : null}
      {open ? <MemberDialog id={open} onClose={() => setQuery({ hospital: null })} /> : null}
    </Frame>
  );
}

/** The text once nobody has typed for a moment. */
function useRest(text: string): string {
  const [rested, rest] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(() => rest(text), REST);
    return () => window.clearTimeout(timer);
  }, [text]);
  return rested;
}

function MemberDialog({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const say = words();
  const { data, problem, reload } = useRead(Member, { id });
  const found = data?.hospital;
  return (
    <Dialog title={found?.name ?? say.hospital} wide onClose={onClose}>
      <Trouble problem={problem} retry={() => void reload()} />
      {!found && !problem ? <Loading /> : null}
      {found ? (
        <>
          <dl class="facts">
            <dt>{say.code}</dt>
            <dd>{found.creditCode}</dd>
            <dt>{say.phone}</dt>
            <dd>{found.phone ? <a href={`tel:${found.phone}`}>{found.phone}</a> : say.no}</dd>
            <dt>{say.review}</dt>
            <dd>{say.reviews[found.outgoingReview]}</dd>
            <dt>{say.memberships}</dt>
            <dd>
              {found.memberships.map((one) => (
                <div key={one.id}>
                  {one.alliance.name} <span class="aside">{one.leftDate ? say.left(date(one.leftDate)) : say.joined(date(one.joinedDate))}</span>
                </div>
              ))}
            </dd>
          </dl>
          {found.departments.length ? (
            <Table
              caption={say.departments}
              rows={found.departments}
              keyOf={(row) => row.id}
              columns={[
                { key: "name", head: say.department, names: true, cell: (row) => row.name },
                { key: "specialty", head: say.specialty, cell: (row) => row.specialty.label },
                { key: "phone", head: say.phone, cell: (row) => (row.phone ? <a href={`tel:${row.phone}`}>{row.phone}</a> : say.no) },
                {
                  key: "abilities",
                  head: say.abilities,
                  cell: (row) => (
                    <ul class="plain">
                      {row.capabilities.map((one) => (
                        <li key={one.id}>
                          {one.kind.label}{" "}
                          {one.bedsTotal === null ? null : (
                            <span class="aside">
                              {say.places(one.bedsAvailable ?? 0, one.bedsTotal)} {one.asOf ? <Ago at={one.asOf} /> : null}
                            </span>
                          )}
                        </li>
                      ))}
                    </ul>
                  ),
                },
              ]}
            />
          ) : (
            <Empty title={say.noDepartment} />
          )}
        </>
      ) : null}
    </Dialog>
  );
}
