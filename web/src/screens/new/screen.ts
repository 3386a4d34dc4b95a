import type { Screen } from "../../app/screens";

export default [
  {
    path: "/new",
    title: { zh: "新建转诊", en: "New referral" },
    load: () => import("./New"),
    order: 20,
    permissions: ["create_referral"],
    key: "r",
  },
  {
    path: "/drafts",
    title: { zh: "我的草稿", en: "My drafts" },
    load: () => import("./Drafts"),
    permissions: ["create_referral"],
  },
] satisfies Screen[];
