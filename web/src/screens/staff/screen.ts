import type { Screen } from "../../app/screens";

export default {
  path: "/admin/staff",
  title: { zh: "人员岗位", en: "Staff" },
  load: () => import("./Staff"),
} satisfies Screen;
