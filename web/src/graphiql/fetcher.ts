/** How GraphiQL's operations reach Refnet: by session and CSRF token, or by bearer token — never by both at once. */
import type { Fetcher, FetcherOpts } from "@graphiql/toolkit";
import { csrfToken } from "./csrf";

const ENDPOINT = "/graphql/";

/** A fetcher for someone with (`signedIn`) or without a session. */
export function fetcherFor(signedIn: boolean): Fetcher {
  return async (operation, options) => {
    let headers: Headers;
    try {
      headers = headersFrom(options);
    } catch {
      return refusal("Headers 里有不能发送的名称或字符：请检查，令牌只能由英文字母、数字和符号组成。");
    }
    const byToken = headers.has("Authorization");
    // GraphiQL asks for the schema by itself as soon as it opens; nobody has said yet who they are.
    if (operation.operationName === "IntrospectionQuery" && !signedIn && !byToken) {
      return refusal(
        "还没有登录：请在页面上方登录；或在 Headers 里填写令牌，再点左下角的 Re-fetch GraphQL schema。",
      );
    }
    if (!byToken) headers.set("X-CSRFToken", csrfToken());
    return send(operation, headers, byToken ? "omit" : "same-origin");
  };
}

/** The headers typed by the visitor, then ours, which win. */
function headersFrom(options: FetcherOpts | undefined): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(options?.headers ?? {})) headers.set(name, String(value));
  if (!headers.get("Authorization")) headers.delete("Authorization");
  headers.delete("X-CSRFToken");
  headers.set("Content-Type", "application/json");
  headers.set("Accept", "application/graphql-response+json, application/json;q=0.9");
  return headers;
}

async function send(operation: object, headers: Headers, credentials: RequestCredentials) {
  let answer: Response;
  try {
    answer = await fetch(ENDPOINT, {
      method: "POST",
      headers,
      body: JSON.stringify(operation),
      credentials,
      cache: "no-store",
      redirect: "error",
    });
  } catch {
    return refusal("连不上 Refnet 服务：请检查网络，然后重试。");
  }
  try {
    return await answer.json();
  } catch {
    return refusal(`服务的回答不是 JSON（HTTP ${answer.status}）：请刷新页面后重试。`);
  }
}

/** A refusal in the form of a GraphQL answer, so that GraphiQL shows it where answers are shown. */
function refusal(message: string) {
  return { errors: [{ message }] } as never;
}
