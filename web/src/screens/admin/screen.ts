import type { Screen } from "../../app/screens";

const screens: readonly Screen[] = [
  {
    path: "/admin",
    title: { zh: "管理", en: "Administration" },
    load: () => import("./Admin"),
    order: 60,
    permissions: [
      "update_capacity", "view_staff", "view_accounts", "manage_webhooks", "set_clock_rule", "import_members",
    ],
    key: "a",
  },
  { path: "/admin/members", title: { zh: "成员目录", en: "Members" }, load: () => import("./Members") },
  {
    path: "/admin/import",
    title: { zh: "导入成员", en: "Import members" },
    load: () => import("./Import"),
    permissions: ["import_members"],
  },
  { path: "/admin/clocks", title: { zh: "时限规则", en: "Time limits" }, load: () => import("./Clocks") },
  { path: "/admin/catalogues", title: { zh: "目录", en: "Catalogues" }, load: () => import("./Catalogues") },
];
export default screens;
