import type { Screen } from "../../app/screens";

const SEES = ["view_sent_pathology", "view_received_pathology"];

export default [
  {
    path: "/pathology",
    title: { zh: "远程病理", en: "Pathology" },
    load: () => import("./queue/Queue"),
    order: 40,
    permissions: SEES,
    key: "b",
  },
  {
    path: "/pathology/new",
    title: { zh: "新建病理会诊", en: "New pathology case" },
    load: () => import("./entry/NewCase"),
    permissions: ["create_pathology"],
  },
  {
    path: "/pathology/experts",
    title: { zh: "专家与亚专科", en: "Experts and subspecialties" },
    load: () => import("./lead/Experts"),
    permissions: ["set_expertise"],
  },
  {
    path: "/pathology/ledger",
    title: { zh: "病理会诊台账", en: "Ledger of pathology" },
    load: () => import("./lead/Ledger"),
    permissions: ["view_pathology_ledger"],
  },
  {
    path: "/pathology/:id",
    title: { zh: "病理会诊单", en: "Pathology case" },
    load: () => import("./case/Case"),
    permissions: SEES,
  },
  {
    path: "/pathology/:id/read",
    title: { zh: "阅片与报告", en: "Reading and report" },
    load: () => import("./read/Read"),
    permissions: SEES,
  },
] satisfies readonly Screen[];
