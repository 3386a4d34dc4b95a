import { useEffect } from "preact/hooks";
import { go } from "../../app/router";
import { can } from "../../net/session";
import { SECTIONS } from "./sections";

/** The start of administration: what the person needs first. */
export default function Admin() {
  const first = SECTIONS.find((one) => !one.permissions || can(...one.permissions));
  useEffect(() => {
    if (first) go(first.path, { replace: true });
  }, [first]);
  return null;
}
