/** The screens of administration, in the order of how often they are needed. */

/** One screen and who is offered it: holders of any of the permissions, everybody if none is named. */
export interface Section {
  readonly path: string;
  readonly word: "capacity" | "roster" | "staff" | "accounts" | "members" | "clocks" | "catalogues" | "webhooks";
  readonly permissions?: readonly string[];
}

/** All of them. */
export const SECTIONS: readonly Section[] = [
  { path: "/admin/capacity", word: "capacity", permissions: ["update_capacity"] },
  { path: "/roster", word: "roster" },
  { path: "/admin/staff", word: "staff", permissions: ["view_staff"] },
  { path: "/admin/accounts", word: "accounts", permissions: ["view_accounts"] },
  { path: "/admin/webhooks", word: "webhooks", permissions: ["manage_webhooks", "view_deliveries"] },
  { path: "/admin/members", word: "members" },
  { path: "/admin/clocks", word: "clocks" },
  { path: "/admin/catalogues", word: "catalogues" },
];
