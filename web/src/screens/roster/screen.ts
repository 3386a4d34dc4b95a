import type { Screen } from "../../app/screens";

export default {
  path: "/roster",
  title: { zh: "值班", en: "On call" },
  load: () => import("./Roster"),
  opens: ["DutySwap"],
  order: 70,
  permissions: ["set_duty", "view_sent_referral", "view_received_referral", "view_sent_pathology", "view_received_pathology"],
  key: "d",
} satisfies Screen;
