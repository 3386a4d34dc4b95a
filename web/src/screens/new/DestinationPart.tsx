import { useEffect, useId, useState } from "preact/hooks";
import { Badge, Button, Checkbox, Empty, Loading, type Option, Select, TextField, Trouble } from "../../kit";
import { call } from "../../net/client";
import { useRead } from "../../net/hooks";
import { me } from "../../net/session";
import { Concepts, Destinations, type DestinationsData, type HospitalLevel, type PlaceSort } from "../../operations";
import { Figure } from "./Figure";
import type { Content } from "./form";
import { words } from "./words";

interface Props {
  readonly value: Content;
  readonly change: (change: Partial<Content>) => void;
  readonly error: string;
}

type Place = DestinationsData["departments"]["nodes"][number];
const SHOWN = 6; // departments at first; the rest on demand
const LEVELS: readonly HospitalLevel[] = ["PROVINCE", "CITY", "COUNTY"];

/** Where to: by what is needed, how free it is and when that was counted, and how far. */
export function DestinationPart({ value, change, error }: Props) {
  const say = words();
  const [sort, setSort] = useState<PlaceSort>("NEAREST");
  const [free, setFree] = useState(false);
  const [level, setLevel] = useState<HospitalLevel | "">("");
  const [text, setText] = useState("");
  const [asked, setAsked] = useState("");
  useEffect(() => {
    const timer = window.setTimeout(() => setAsked(text.trim()), 250);
    return () => window.clearTimeout(timer);
  }, [text]);
  const capability = value.neededCapability?.value ?? null;
  const variables = {
    capability,
    minFree: free && capability ? 1 : null,
    level: level || null,
    text: asked || null,
    sort: capability ? sort : sort === "MOST_FREE" ? ("NEAREST" as const) : sort,
  };
  const { data, problem, busy, reload, set } = useRead(Destinations, variables, { keep: true });
  const own = new Set(me.value?.roles.map((one) => one.hospital?.id));
  const places = (data?.departments.nodes ?? []).filter((one) => !own.has(one.hospital.id));
  const page = data?.departments.pageInfo;

  async function more() {
    const answer = await call(Destinations, { ...variables, after: page?.endCursor ?? null });
    if (!answer.ok) return;
    set((before) => ({
      departments: {
        ...answer.data.departments,
        nodes: [...before.departments.nodes, ...answer.data.departments.nodes],
      },
    }));
  }

  return (
    <>
      <NeededCapability value={value.neededCapability} onChange={(neededCapability) => change({ neededCapability })} />
      <div class="finding">
        <TextField
          label={say.findPlace}
          type="search"
          value={text}
          onChange={setText}
          placeholder={say.findPlaceHint}
        />
        <Select
          label={say.level}
          empty={say.anyLevel}
          value={level}
          onChange={(chosen) => setLevel(chosen as HospitalLevel | "")}
          options={LEVELS.map((one) => ({ value: one, label: say.levels[one] }))}
        />
        <Select
          label={say.sort}
          empty={say.nearest}
          value={sort === "MOST_FREE" ? sort : ""}
          onChange={(chosen) => setSort(chosen === "MOST_FREE" ? "MOST_FREE" : "NEAREST")}
          options={capability ? [{ value: "MOST_FREE", label: say.mostFree }] : []}
        />
        {capability ? <Checkbox label={say.onlyFree} value={free} onChange={setFree} /> : null}
      </div>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && busy ? <Loading what={say.seeking} /> : null}
      {data && !places.length ? <Empty title={say.noPlace}>{say.noPlaceHint}</Empty> : null}
      <Places
        busy={busy}
        places={places}
        chosen={value.performerDepartment}
        capability={capability}
        choose={(performerDepartment) => change({ performerDepartment })}
        error={error}
        more={page?.hasNextPage ? () => void more() : null}
      />
    </>
  );
}

/** One of the capabilities that the network counts; few enough to choose from a list. */
function NeededCapability({
  value,
  onChange,
}: {
  readonly value: Option | null;
  readonly onChange: (chosen: Option | null) => void;
}) {
  const say = words();
  const { data } = useRead(Concepts, { system: "CAPABILITY", first: 100 });
  const options = (data?.concepts.nodes ?? []).map(({ code, label }) => ({ value: code, label }));
  const known = value && !options.some((one) => one.value === value.value) ? [value, ...options] : options;
  return (
    <Select
      label={say.capability}
      hint={say.capabilityHint}
      empty={say.noCapability}
      value={value?.value ?? ""}
      onChange={(code) => onChange(known.find((one) => one.value === code) ?? null)}
      options={known}
    />
  );
}

function Places(props: {
  readonly places: readonly Place[];
  /** While others are asked for, what is shown answers the former question. */
  readonly busy: boolean;
  readonly chosen: Option | null;
  readonly capability: string | null;
  readonly choose: (one: Option) => void;
  readonly error: string;
  /** Loads the next ones; null when there are none. */
  readonly more: (() => void) | null;
}) {
  const say = words();
  const name = useId();
  const { chosen } = props;
  const [all, setAll] = useState(false);
  const places = all ? props.places : props.places.filter((one, at) => at < SHOWN || one.id === chosen?.value);
  const beyond = chosen && !props.places.some((one) => one.id === chosen.value);
  return (
    <fieldset
      aria-busy={props.busy}
      class={props.error ? "places field wrong" : "places field"}
      data-field="performerDepartment"
      tabIndex={-1}
    >
      <legend>{say.destination}</legend>
      <p class="error" role={props.error ? "alert" : undefined} hidden={!props.error}>
        {props.error}
      </p>
      {beyond ? (
        <label class="place">
          <input type="radio" name={name} checked onChange={() => props.choose(chosen)} />
          <span class="place-name">
            <strong>{chosen.label}</strong>
          </span>
        </label>
      ) : null}
      {places.map((one) => {
        const figure = one.capabilities.find((each) => each.kind.code === props.capability);
        return (
          <label key={one.id} class="place">
            <input
              type="radio"
              name={name}
              checked={chosen?.value === one.id}
              onChange={() => props.choose({ value: one.id, label: `${one.hospital.name} ${one.name}` })}
            />
            <span class="place-name">
              <strong>{one.hospital.name}</strong> {one.name}
              <span class="aside">
                <Badge>{say.levels[one.hospital.level]}</Badge>{" "}
                {one.distanceKm === null ? say.distanceUnknown : say.km(one.distanceKm)}
              </span>
            </span>
            {props.capability && !props.busy ? (
              <Figure
                free={figure?.bedsAvailable ?? null}
                total={figure?.bedsTotal ?? null}
                ageMinutes={figure?.ageMinutes ?? null}
              />
            ) : null}
          </label>
        );
      })}
      {places.length < props.places.length || props.more ? (
        <div class="more-places">
          <Button small onClick={() => (all ? props.more?.() : setAll(true))}>
            {say.morePlaces}
          </Button>
        </div>
      ) : null}
    </fieldset>
  );
}
