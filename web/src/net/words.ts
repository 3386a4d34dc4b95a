import { defineWords } from "../words";

export const words = defineWords({
  zh: {
    lineLost: "与服务器的连接中断。您填写的内容都还在；恢复后可重试，不会重复提交。",
    signedOut: "登录已过期，请重新登录；页面和填写的内容都还在。",
    fault: (id: string) => `系统内部错误，未作任何更改。请稍后重试；若仍失败，请把请求编号 ${id || "（无）"} 告诉管理员。`,
    unreadable: (status: number) => `服务器暂时不能处理（${status}）。请稍后重试。`,
    outdated: "页面版本已更新，请刷新。",
    busy: "服务器忙，请稍后重试。",
  },
  en: {
    lineLost: "The line to the server is cut. What you typed is still here; try again when it is back, nothing is sent twice.",
    signedOut: "Your session has ended; sign in again. This page and what you typed are still here.",
    fault: (id) => `A fault on our side; nothing was changed. Try again later; if it fails again, tell the administrator the request number ${id || "(none)"}.`,
    unreadable: (status) => `The server cannot do this now (${status}). Try again later.`,
    outdated: "This page has a newer version; please reload.",
    busy: "The server is busy; try again in a moment.",
  },
});
