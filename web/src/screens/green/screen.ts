import type { Screen } from "../../app/screens";

const permissions = ["activate_green_channel"];

export default [
  {
    path: "/green",
    title: { zh: "绿色通道", en: "Green channel" },
    load: () => import("./Green"),
    order: 30,
    permissions,
    key: "e",
  },
  {
    path: "/green/:id",
    title: { zh: "绿色通道呼叫", en: "Green-channel call" },
    load: () => import("./Call"),
  },
] satisfies Screen[];
