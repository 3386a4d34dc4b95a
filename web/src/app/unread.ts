/** How many notices nobody has read yet, kept right while the page is open. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call } from "../net/client";
import { useLive } from "../net/live";
import { me } from "../net/session";
import { NoticesReceived, UnreadNotices, type NoticesReceivedData } from "../operations";

/** Notices not yet read. */
export const unread = signal(0);

/** The notice that came last while the page was open; lists of notices put it on top. */
export const arrived = signal<NoticesReceivedData["noticesReceived"] | null>(null);

/** How often some may have been missed; lists of notices load anew when this moves. */
export const gaps = signal(0);

/** Asks for the number anew. */
export async function countAgain(): Promise<void> {
  const answer = await call(UnreadNotices, {});
  if (answer.ok && answer.data.me) unread.value = answer.data.me.unreadNotices;
}

/** Keeps the number right while the shell is shown. */
export function useNoticeCount(): void {
  const person = me.value?.person.id;
  useEffect(() => {
    unread.value = me.peek()?.unreadNotices ?? 0;
  }, [person]);
  useEffect(() => {
    // Some may have been read on another page meanwhile.
    const back = () => {
      if (!document.hidden) void countAgain();
    };
    document.addEventListener("visibilitychange", back);
    return () => document.removeEventListener("visibilitychange", back);
  }, []);
  useLive(NoticesReceived, {}, {
    next: ({ noticesReceived }) => {
      arrived.value = noticesReceived;
      unread.value += 1;
    },
    gap: () => {
        gaps.value += 1;
        void countAgain();
      },
  });
}
