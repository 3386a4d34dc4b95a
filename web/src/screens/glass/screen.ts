import type { Screen } from "../../app/screens";

const screens: readonly Screen[] = [
  {
    path: "/break-glass",
    title: { zh: "紧急调阅", en: "Emergency access" },
    load: () => import("./Glass"),
    order: 55,
    permissions: ["break_glass", "review_break_glass", "view_break_glass"],
    key: "x",
  },
  {
    path: "/break-glass/:id",
    title: { zh: "紧急调阅记录", en: "One emergency access" },
    load: () => import("./OneGlass"),
    permissions: ["break_glass", "review_break_glass", "view_break_glass"],
    opens: ["BreakGlass"],
  },
];
export default screens;
