import { Banner, Empty, Loading, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { moment } from "../../net/moment";
import { Capacity, type PlacesFragment } from "../../operations";
import { Frame } from "../admin/Frame";
import { chosenHospital } from "../admin/places";
import { PlacesRow, Uncounted } from "./PlacesRow";
import "./style.css";
import { isOld } from "./usePlaces";
import { words } from "./words";

/** The hospital's beds now: one tap changes a count, the age of every figure in sight. */
export default function CapacityScreen() {
  const say = words();
  const hospital = chosenHospital();
  const { data, problem, busy, reload, set } = useRead(Capacity, { hospital: hospital?.id ?? "" }, { skip: !hospital });
  const departments = data?.departments.nodes.filter((one) => one.capabilities.length) ?? [];
  const counted = departments.flatMap((one) => one.capabilities).filter((one) => one.bedsTotal !== null);
  const old = counted.filter((one) => isOld(one.asOf, moment.value)).length;

  function put(row: PlacesFragment): void {
    set((before) => ({
      departments: {
        nodes: before.departments.nodes.map((department) => ({
          ...department,
          capabilities: department.capabilities.map((one) => (one.id === row.id ? row : one)),
        })),
      },
    }));
  }

  return (
    <Frame title={say.title} lead={say.lead} ofHospital>
      {hospital ? null : <Empty title={say.noHospital}>{say.noHospitalHint}</Empty>}
      <Trouble problem={problem} retry={() => void reload()} />
      {hospital && !data && busy ? <Loading /> : null}
      {data && !departments.length ? <Empty title={say.empty}>{say.emptyHint}</Empty> : null}
      {counted.length ? <Banner tone={old ? "warn" : "good"}>{old ? say.stale(old) : say.allFresh}</Banner> : null}
      {departments.map((department) => {
        const without = department.capabilities.filter((one) => one.bedsTotal === null);
        return (
          <section key={department.id} class="panel beds">
            <h2>{department.name}</h2>
            <ul class="plain">
              {department.capabilities
                .filter((one) => one.bedsTotal !== null)
                .map((one) => (
                  <PlacesRow key={one.id} row={one} put={put} reload={reload} />
                ))}
            </ul>
            {without.length ? <Uncounted rows={without} put={put} reload={reload} /> : null}
          </section>
        );
      })}
    </Frame>
  );
}
