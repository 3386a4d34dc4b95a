import type { Screen } from "../../app/screens";
import "./style.css"; // with the frame's: most people begin here, and a file less is waited for

export default {
  path: "/worklist",
  title: { zh: "工作列表", en: "Worklist" },
  load: () => import("./Worklist"),
  order: 10,
  permissions: ["view_sent_referral", "view_received_referral", "view_own_activation"],
  key: "w",
} satisfies Screen;
