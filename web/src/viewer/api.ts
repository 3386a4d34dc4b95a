/** How the page speaks to Refnet: /session/, /graphql/ and /slides/; every failure becomes one kind of Trouble. */
import { csrfToken } from "../graphiql/csrf";
import { language, say } from "./words";

export type Cause = "expired" | "line" | "absent" | "refused" | "fault";

/** What went wrong, with a sentence that names the remedy. */
export class Trouble extends Error {
  constructor(
    readonly cause_: Cause,
    message: string,
    readonly code = "",
  ) {
    super(message);
  }
}

type Known = { readonly id: string; readonly name: string };

interface Said {
  message?: string;
  extensions?: { code?: string };
  code?: string;
}

/** The data of an operation, asked for by its hash. */
export async function ask<Data>(operation: Known, variables: object, leaving = false): Promise<Data> {
  const body = { documentId: operation.id, operationName: operation.name, variables };
  const answer = await send("/graphql/", "POST", body, leaving);
  const content = (await answer.json().catch(() => null)) as { data?: Data; errors?: Said[] } | null;
  const error = content?.errors?.[0];
  if (error) throw troubleOf(answer.status, error.extensions?.code ?? "", error.message);
  if (!content?.data) throw troubleOf(answer.status, "", undefined);
  return content.data;
}

/** Does one mutation; its refusal is a Trouble. The same `key` is done once, however often it is sent. */
export async function act<Payload extends object>(
  operation: Known,
  input: object,
  key = newKey(),
  leaving = false,
): Promise<Payload> {
  const given = { input: { ...input, idempotencyKey: key } };
  const data = await ask<Record<string, Payload & { errors: Said[] }>>(operation, given, leaving);
  const [payload] = Object.values(data);
  const error = payload!.errors[0];
  if (error) throw troubleOf(200, error.code ?? "", error.message);
  return payload!;
}

/** The JSON at one of our own addresses. */
export async function read<Content>(path: string): Promise<Content> {
  const answer = await send(path, "GET");
  const content = (await answer.json().catch(() => null)) as (Content & { errors?: Said[] }) | null;
  if (!answer.ok || !content) {
    const error = content?.errors?.[0];
    throw troubleOf(answer.status, error?.extensions?.code ?? "", error?.message);
  }
  return content;
}

/** Signs in; a Trouble says why not. */
export async function signIn(username: string, password: string): Promise<void> {
  if (!csrfToken()) await send("/session/", "GET");
  const answer = await send("/session/", "POST", { username, password });
  if (answer.ok) return;
  const content = (await answer.json().catch(() => null)) as { errors?: Said[] } | null;
  throw new Trouble("refused", content?.errors?.[0]?.message ?? say("serverFault", answer.status));
}

/** Whether the server answers at all. */
export async function reachable(): Promise<boolean> {
  return send("/session/", "GET").then(
    (answer) => answer.status < 500,
    () => false,
  );
}

/** The status with which a tile is answered, 0 when nothing answers. */
export async function statusOf(path: string): Promise<number> {
  return send(path, "GET").then(
    (answer) => answer.status,
    () => 0,
  );
}

/** A new idempotency key. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (part) => part.toString(16).padStart(2, "0")).join("");
}

async function send(path: string, method: string, body?: object, leaving = false): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": language() };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, {
      method,
      headers,
      body: body ? JSON.stringify(body) : null,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      keepalive: leaving,
    });
  } catch {
    throw new Trouble("line", say("lineLost"));
  }
}

function troubleOf(status: number, code: string, message: string | undefined): Trouble {
  if (status === 401 || code === "UNAUTHENTICATED") return new Trouble("expired", say("expired"), code);
  if (code === "NOT_FOUND") return new Trouble("absent", message ?? say("notShown"), code);
  if (status >= 500 || code === "INTERNAL") return new Trouble("fault", message ?? say("serverFault", status), code);
  return new Trouble("refused", message ?? say("serverFault", status), code);
}
