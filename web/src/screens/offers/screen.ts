import type { Screen } from "../../app/screens";

export default {
  path: "/offers",
  title: { zh: "急救询问", en: "Emergency calls" },
  load: () => import("./Offers"),
  order: 35,
  permissions: ["offer_place"],
  key: "o",
} satisfies Screen;
