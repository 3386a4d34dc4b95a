/** The token Django left in the `csrftoken` cookie, or "" when GET /session/ has not been asked yet. */
export function csrfToken(): string {
  const pair = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return pair ? decodeURIComponent(pair.slice("csrftoken=".length)) : "";
}
