import type { Screen } from "../../app/screens";

export default {
  path: "/profile",
  title: { zh: "我的", en: "Profile" },
  load: () => import("./Profile"),
  order: 90,
  key: "p",
} satisfies Screen;
