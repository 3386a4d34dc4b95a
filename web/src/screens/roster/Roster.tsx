import { useState } from "preact/hooks";
import { query, setQuery } from "../../app/router";
import { Badge, Banner, Button, date, dateTime, Empty, Loading, Select, toast, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { moment } from "../../net/moment";
import { can, me } from "../../net/session";
import { type DutyShownFragment, Roster, RosterDepartments } from "../../operations";
import { Frame } from "../admin/Frame";
import { chosenHospital } from "../admin/places";
import { DutyDialog } from "./DutyDialog";
import "./style.css";
import { SwapDialog } from "./SwapDialog";
import { Swaps } from "./Swaps";
import { gapsOf, later, mondayOf, startOf } from "./week";
import { Week } from "./Week";
import { words } from "./words";

const GAPS_NAMED = 3;

/** Who answers for a department, week by week; the hospital sets it, two who agree swap it. */
export default function RosterScreen() {
  const say = words();
  const hospital = chosenHospital();
  const departments = useRead(RosterDepartments, { hospital: hospital?.id ?? "" }, { skip: !hospital });
  const all = departments.data?.departments.nodes;
  const own = me.value?.roles.find((role) => role.hospital?.id === hospital?.id && role.department)?.department?.id;
  const department = all?.find((one) => one.id === (query.value.get("department") ?? own)) ?? all?.[0];
  return (
    <Frame title={say.title} lead={say.lead} ofHospital>
      {hospital ? null : <Empty title={say.noHospital}>{say.noHospitalHint}</Empty>}
      <Trouble problem={departments.problem} retry={() => void departments.reload()} />
      {hospital && !all && departments.busy ? <Loading /> : null}
      {all && !all.length ? <Empty title={say.noDepartment} /> : null}
      {all && department && hospital ? (
        <>
          <div class="filters">
            <Select
              label={say.department}
              value={department.id}
              options={all.map(({ id, name }) => ({ value: id, label: name }))}
              onChange={(next) => setQuery({ department: next })}
            />
          </div>
          <Duties key={department.id} hospital={hospital.id} department={department} />
        </>
      ) : null}
    </Frame>
  );
}

interface DutiesProps {
  readonly hospital: string;
  readonly department: { readonly id: string; readonly name: string; readonly phone: string };
}

type Open = { readonly what: "set"; readonly duty: DutyShownFragment | null; readonly day: string } | { readonly what: "swap"; readonly duty: DutyShownFragment };

function Duties({ hospital, department }: DutiesProps) {
  const say = words();
  const thisWeek = mondayOf(moment.value);
  const wanted = query.value.get("week") ?? "";
  const monday = /^\d{4}-\d\d-\d\d$/.test(wanted) && !Number.isNaN(startOf(wanted)) ? mondayOf(startOf(wanted)) : thisWeek;
  const [since, until] = [startOf(monday), startOf(later(monday, 7))];
  const variables = { department: department.id, since: new Date(since).toISOString(), until: new Date(until).toISOString() };
  const { data, problem, busy, reload } = useRead(Roster, variables, { keep: true });
  const [open, setOpen] = useState<Open | null>(null);
  const [changes, setChanges] = useState(0);

  function done(message: string): void {
    setOpen(null);
    toast(message);
    setChanges((before) => before + 1);
    void reload();
  }

  return (
    <>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && busy ? <Loading /> : null}
      {data ? <Now duties={data.onDuty} phone={department.phone} /> : null}
      <Swaps turn={changes} done={done} />
      <section class="panel stack" aria-busy={busy}>
        <div class="row spread">
          <h2>{say.week(date(new Date(since).toISOString()), date(new Date(until - 1).toISOString()))}</h2>
          <div class="row">
            <Button small onClick={() => setQuery({ week: later(monday, -7) })}>
              ← {say.before}
            </Button>
            <Button small disabled={monday === thisWeek} onClick={() => setQuery({ week: null })}>
              {say.thisWeek}
            </Button>
            <Button small onClick={() => setQuery({ week: later(monday, 7) })}>
              {say.after} →
            </Button>
          </div>
        </div>
        {data ? <Gaps duties={data.roster} since={Math.max(since, moment.value)} until={until} /> : null}
        {data ? (
          <Week
            monday={monday}
            duties={data.roster}
            onAdd={can("set_duty") ? (day) => setOpen({ what: "set", duty: null, day }) : null}
            onOpen={(duty) => setOpen(can("set_duty") ? { what: "set", duty, day: "" } : { what: "swap", duty })}
          />
        ) : null}
      </section>
      {open?.what === "set" ? (
        <DutyDialog
          hospital={hospital}
          department={department.id}
          duty={open.duty ? (data?.roster.find((one) => one.id === open.duty?.id) ?? open.duty) : null}
          day={open.day}
          refresh={reload}
          onClose={() => setOpen(null)}
          done={() => done(say.saved)}
        />
      ) : null}
      {open?.what === "swap" ? <SwapDialog duty={open.duty} onClose={() => setOpen(null)} done={() => done(say.proposed)} /> : null}
    </>
  );
}

function Now({ duties, phone }: { readonly duties: readonly DutyShownFragment[]; readonly phone: string }) {
  const say = words();
  if (!duties.length) return <Banner tone="warn" title={say.nobody}>{say.nobodyHint}</Banner>;
  return (
    <section class="panel on-duty">
      <h2>{say.now}</h2>
      <ul class="plain">
        {duties.map((one) => (
          <li key={one.id}>
            <strong>{one.person.name}</strong> {one.person.title} <Badge tone={one.post === "DUTY" ? "good" : "plain"}>{say.posts[one.post]}</Badge>{" "}
            <span class="aside">{say.until(dateTime(one.endsAt))}</span>
          </li>
        ))}
      </ul>
      {phone ? (
        <p>
          {say.phone} <a href={`tel:${phone}`}>{phone}</a>
        </p>
      ) : null}
    </section>
  );
}

function Gaps({ duties, since, until }: { readonly duties: readonly DutyShownFragment[]; readonly since: number; readonly until: number }) {
  const say = words();
  if (since >= until) return null;
  const gaps = gapsOf(duties, since, until);
  if (!gaps.length) return <p class="aside">✓ {say.covered}</p>;
  const named = gaps.slice(0, GAPS_NAMED).map(({ from, to }) => `${dateTime(new Date(from).toISOString())}–${dateTime(new Date(to).toISOString())}`);
  if (gaps.length > GAPS_NAMED) named.push(say.more(gaps.length));
  return <Banner tone="warn">{say.gaps(named.join(" · "))}</Banner>;
}
