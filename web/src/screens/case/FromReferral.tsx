import { useEffect } from "preact/hooks";
import { go } from "../../app/router";
import type { ScreenProps } from "../../app/screens";
import { Loading } from "../../kit";
import { useRead } from "../../net/hooks";
import { CaseOfReferral } from "../../operations";
import { Absent } from "./Case";
import { words } from "./words";

/** Goes on to the case that a referral belongs to, with that leg in sight. */
export default function FromReferral({ params }: ScreenProps) {
  const say = words();
  const id = params.id ?? "";
  const { data, problem, reload } = useRead(CaseOfReferral, { id });
  const found = data?.referral;
  useEffect(() => {
    if (found) go(`/case/${encodeURIComponent(found.case.id)}`, { replace: true, search: `leg=${encodeURIComponent(found.id)}` });
  }, [found?.id]);
  return (
    <>
      <h1>{say.title}</h1>
      {problem ? <Absent problem={problem} retry={() => void reload()} /> : <Loading what={say.loading} />}
    </>
  );
}
