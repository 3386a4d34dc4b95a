import type { Screen } from "../../app/screens";

export default {
  path: "/coverage",
  title: { zh: "覆盖", en: "Coverage" },
  load: () => import("./Coverage"),
  order: 50,
  permissions: ["view_coverage", "view_suppressed_coverage"],
  key: "c",
} satisfies Screen;
