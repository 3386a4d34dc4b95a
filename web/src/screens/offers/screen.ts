import type { Screen } from "../../app/screens";

const title = { zh: "急救询问", en: "Emergency calls" };

export default [
  { path: "/offers", title, load: () => import("./Offers"), order: 35, permissions: ["offer_place"], key: "o" },
  // Notices know the offer; who asked and who is asked look at it on different screens.
  { path: "/offers/:id", title, load: () => import("./OneOffer"), opens: ["Offer"] },
] satisfies Screen[];
