import { useEffect } from "preact/hooks";
import { go } from "../../app/router";
import type { ScreenProps } from "../../app/screens";
import { Banner, Loading, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { me } from "../../net/session";
import { OfferWhose } from "../../operations";
import { words } from "./words";

/** Leads from an offer to where it is worked on: the answering side's list, or the sender's call. */
export default function OneOffer({ params }: ScreenProps) {
  const say = words();
  const { data, problem, reload } = useRead(OfferWhose, { id: params["id"] ?? "" });
  const offer = data?.offer;
  useEffect(() => {
    if (!offer) return;
    const ours = me.value?.roles.some((one) => one.hospital?.id === offer.performerHospital?.id);
    if (ours)
      go("/offers", {
        replace: true,
        search: `at=${encodeURIComponent(offer.id)}${offer.closedAt ? "&show=all" : ""}`,
      });
    else go(`/green/${offer.referralId}`, { replace: true });
  }, [offer]);
  return (
    <>
      <h1>{say.title}</h1>
      <Trouble problem={problem} retry={() => void reload()} />
      {data && !offer ? <Banner tone="warn">{say.absent}</Banner> : problem ? null : <Loading />}
    </>
  );
}
