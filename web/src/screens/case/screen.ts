import type { Screen } from "../../app/screens";

const load = () => import("./Case");

export default [
  { path: "/case/:id", title: { zh: "病例", en: "Case" }, load, opens: ["Case"] },
  // Notices and the other screens know the referral, not the case it belongs to.
  { path: "/referral/:id", title: { zh: "病例", en: "Case" }, load: () => import("./FromReferral"), opens: ["Referral"] },
] satisfies Screen[];
