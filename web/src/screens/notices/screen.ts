import type { Screen } from "../../app/screens";

export default {
  path: "/notices",
  title: { zh: "通知", en: "Notices" },
  load: () => import("./Notices"),
  order: 80,
  key: "n",
} satisfies Screen;
