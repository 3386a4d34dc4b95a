import { defineWords } from "../../words";

export const words = defineWords({
  zh: { title: "我的", roles: "岗位", noRoles: "暂无岗位", noRolesHint: "请联系本院管理员分配岗位。", account: "账号", name: "姓名", username: "用户名" },
  en: { title: "Profile", roles: "Roles", noRoles: "No role yet", noRolesHint: "Ask your hospital's administrator for one.", account: "Account", name: "Name", username: "Username" },
});
