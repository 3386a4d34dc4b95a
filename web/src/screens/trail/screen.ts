import type { Screen } from "../../app/screens";

export default {
  path: "/trail",
  title: { zh: "审计记录", en: "Audit trail" },
  load: () => import("./Trail"),
  order: 57,
  permissions: ["view_audit_trail"],
  key: "t",
} satisfies Screen;
