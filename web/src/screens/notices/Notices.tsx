import { Ago, Empty, Loading, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { Notices } from "../../operations";
import { words } from "./words";

/** What one was told. */
export default function NoticesScreen() {
  const say = words();
  const { data, problem, reload } = useRead(Notices, { unread: true });
  return (
    <>
      <h1>{say.title}</h1>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && !problem ? <Loading /> : null}
      {data && !data.notices.nodes.length ? <Empty title={say.empty}>{say.emptyHint}</Empty> : null}
      <ul class="plain">
        {data?.notices.nodes.map((one) => (
          <li key={one.id}>
            {one.kind} · <Ago at={one.eventAt} />
          </li>
        ))}
      </ul>
    </>
  );
}
