import { defineWords } from "../../words";

export const words = defineWords({
  zh: {
    title: "通知",
    unread: "未读",
    all: "全部",
    show: "显示",
    markRead: "标为已读",
    empty: "没有未读通知",
    emptyAll: "还没有通知",
    emptyHint: "转诊、会诊有新进展，或时限将到时，会在这里提醒您，也可在“我的”里设置短信或邮件。",
    more: "载入更多",
    isUnread: "未读",
  },
  en: {
    title: "Notices",
    unread: "Unread",
    all: "All",
    show: "Show",
    markRead: "Mark as read",
    empty: "No unread notices",
    emptyAll: "No notices yet",
    emptyHint: "You are told here when a case moves or its time runs out; text messages and e-mail can be set in your profile.",
    more: "Load more",
    isUnread: "Unread",
  },
});
