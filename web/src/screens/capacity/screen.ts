import type { Screen } from "../../app/screens";

export default {
  path: "/admin/capacity",
  title: { zh: "床位", en: "Beds" },
  load: () => import("./Capacity"),
} satisfies Screen;
