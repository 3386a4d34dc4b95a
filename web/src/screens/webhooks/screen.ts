import type { Screen } from "../../app/screens";

export default {
  path: "/admin/webhooks",
  title: { zh: "系统推送", en: "Webhooks" },
  load: () => import("./Webhooks"),
} satisfies Screen;
