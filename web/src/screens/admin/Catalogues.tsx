import { query, setQuery } from "../../app/router";
import { Empty, Loading, Select, Table, TextField, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { CatalogueEntries, type CatalogueEntryFragment, CatalogueReasons, Catalogues, type ConceptSystem } from "../../operations";
import { catalogueWords } from "./catalogue-words";
import { Frame } from "./Frame";
import { words } from "./words";

const SYSTEMS: readonly ConceptSystem[] = [
  "CAPABILITY",
  "GREEN_KIND",
  "GREEN_MILESTONE",
  "SPECIALTY",
  "SUBSPECIALTY",
  "ORGAN",
  "STAIN",
  "DIAGNOSTIC_CLASS",
  "ICD10",
];
const REASONS = "reasons:";
const MOST = 100;

/** The coded catalogues as they hold today, to look up and to check. */
export default function CataloguesScreen() {
  const say = words();
  const { data, problem, reload } = useRead(Catalogues, {});
  const chosen = query.value.get("of") ?? "CAPABILITY";
  const system = SYSTEMS.find((one) => one === chosen);
  return (
    <Frame title={say.cataloguesTitle} lead={say.cataloguesLead}>
      <Trouble problem={problem} retry={() => void reload()} />
      <div class="filters">
        <Select
          label={say.catalogue}
          value={chosen === "CAPABILITY" ? "" : chosen}
          empty={say.systems.CAPABILITY}
          options={[
            ...SYSTEMS.slice(1).map((one) => ({ value: one as string, label: say.systems[one as keyof typeof say.systems] })),
            ...(data?.reasonCatalogues ?? []).map((one) => ({ value: REASONS + one, label: say.reasonsOf(nameOf(one)) })),
          ]}
          onChange={(of) => setQuery({ of, find: null })}
        />
        {system ? <TextField label={say.search} type="search" value={query.value.get("find") ?? ""} onChange={(find) => setQuery({ find })} /> : null}
      </div>
      {system ? <Entries system={system} /> : <ReasonList catalogue={chosen.slice(REASONS.length)} />}
    </Frame>
  );
}

/** A catalogue's name; a newer server may know one that this page does not. */
function nameOf(catalogue: string): string {
  const names: Readonly<Record<string, string>> = catalogueWords();
  return names[catalogue] ?? catalogue;
}

function Entries({ system }: { readonly system: ConceptSystem }) {
  const text = query.value.get("find") || undefined;
  const { data, problem, busy, reload } = useRead(CatalogueEntries, { system, text, first: MOST }, { keep: true });
  return (
    <>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && busy ? <Loading /> : null}
      {data ? <EntryTable rows={data.concepts.nodes} all={data.concepts.totalCount} /> : null}
    </>
  );
}

function ReasonList({ catalogue }: { readonly catalogue: string }) {
  const { data, problem, busy, reload } = useRead(CatalogueReasons, { catalogue });
  return (
    <>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && busy ? <Loading /> : null}
      {data ? <EntryTable rows={data.reasons} all={data.reasons.length} comments /> : null}
    </>
  );
}

function EntryTable({ rows, all, comments }: { readonly rows: readonly CatalogueEntryFragment[]; readonly all: number; readonly comments?: boolean }) {
  const say = words();
  if (!rows.length) return <Empty title={say.noEntry}>{say.noEntryHint}</Empty>;
  return (
    <>
      <p class="aside" role="status">
        {say.entries(all)}
      </p>
      <Table
        caption={say.cataloguesTitle}
        rows={rows}
        keyOf={(row) => row.id}
        columns={[
          { key: "code", head: say.entryCode, names: true, cell: (row) => <code>{row.code}</code> },
          { key: "zh", head: say.chinese, cell: (row) => row.labelZh },
          { key: "en", head: say.english, cell: (row) => row.labelEn },
          ...(comments ? [{ key: "comment", head: say.comment, cell: (row: CatalogueEntryFragment) => (row.commentRequired ? say.yes : say.no) }] : []),
          { key: "source", head: say.source, cell: (row) => <span class="aside">{row.source}</span> },
        ]}
      />
    </>
  );
}
