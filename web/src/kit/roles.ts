/** Roles in words, for places where the server names them by code. */
import type { Role } from "../operations";
import { language } from "../words";

const NAMES: Readonly<Record<Role, readonly [string, string]>> = {
  REFERRING_DOCTOR: ["转诊医生", "referring doctor"],
  REFERRAL_OFFICE: ["转诊办", "referral office"],
  EXPERT: ["接诊专家", "expert"],
  PATHOLOGIST: ["病理专家", "pathologist"],
  PATHOLOGY_LEAD: ["病理会诊负责人", "pathology lead"],
  PATHOLOGY_LAB: ["病理科（申请方）", "pathology lab"],
  HOSPITAL_ADMIN: ["医院管理员", "hospital administrator"],
  ALLIANCE_ADMIN: ["联盟管理员", "alliance administrator"],
  COMMISSION_OBSERVER: ["卫健委观察员", "commission observer"],
  HOTLINE_AGENT: ["12320 坐席", "hotline agent"],
  AUDITOR: ["审计员", "auditor"],
  SYSTEM_ADMIN: ["系统管理员", "system administrator"],
  SECURITY_ADMIN: ["安全管理员", "security administrator"],
};

/** A role in the reader's language. */
export function roleName(role: Role): string {
  return NAMES[role][language.value === "en" ? 1 : 0];
}
