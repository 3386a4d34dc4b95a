import type { Screen } from "../../app/screens";

export default {
  path: "/admin/accounts",
  title: { zh: "账号", en: "Accounts" },
  load: () => import("./Accounts"),
  permissions: ["view_accounts"],
} satisfies Screen;
