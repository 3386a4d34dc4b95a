/** The browser's session with Refnet: who is signed in, signing in, signing out. */
import { csrfToken } from "./csrf";

export interface Person {
  id?: string | number;
  username?: string;
  name?: string;
}

/** A refusal or a broken line, told in words the reader can act on. */
export class SessionTrouble extends Error {}

const SESSION = "/session/";

/** Who is signed in; null when nobody is. Also makes Django set the `csrftoken` cookie. */
export async function currentPerson(): Promise<Person | null> {
  return personIn(await ask("GET"));
}

/** Signs in and answers who that is. */
export async function signIn(username: string, password: string): Promise<Person> {
  if (!csrfToken()) await ask("GET");
  const person = personIn(await ask("POST", { username, password })) ?? (await currentPerson());
  if (!person) throw new SessionTrouble("登录没有完成：账号可能还需要第二步验证，请联系管理员。");
  return person;
}

/** Ends the session on the server. */
export async function signOut(): Promise<void> {
  await ask("DELETE");
}

async function ask(method: "GET" | "POST" | "DELETE", body?: object): Promise<unknown> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body) headers["Content-Type"] = "application/json";
  let answer: Response;
  try {
    answer = await fetch(SESSION, {
      method,
      headers,
      body: body ? JSON.stringify(body) : null,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
    });
  } catch {
    throw new SessionTrouble("连不上 Refnet 服务：请检查网络，然后重试。");
  }
  const content: unknown = await answer.json().catch(() => null);
  if (!answer.ok) throw new SessionTrouble(messageIn(content) ?? messageFor(answer.status));
  return content;
}

function personIn(content: unknown): Person | null {
  return (content as { person?: Person | null } | null)?.person ?? null;
}

/** The server's own words, when it refused with `errors: [{ message }]` or `message`. */
function messageIn(content: unknown): string | null {
  const said = content as { message?: unknown; errors?: { message?: unknown }[] } | null;
  const message = said?.errors?.[0]?.message ?? said?.message;
  return typeof message === "string" && message ? message : null;
}

function messageFor(status: number): string {
  if (status === 400 || status === 401) return "用户名或密码不正确，请核对后重试。";
  if (status === 403) return "页面已过期：请刷新页面后重试。";
  if (status === 429) return "尝试次数过多：请过几分钟再试。";
  return `服务暂时不能处理（${status}）：请稍后重试。`;
}
