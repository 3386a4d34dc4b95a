/** Security keys: between the server's JSON and the buffers that browsers want (WebAuthn level 2). */

type Json = { readonly [name: string]: unknown };

function bytes(text: string): ArrayBuffer {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0)).buffer;
}

function text(buffer: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function described(list: unknown): PublicKeyCredentialDescriptor[] {
  return ((list ?? []) as Json[]).map((one) => ({ type: "public-key", id: bytes(one["id"] as string) }));
}

/** Whether this browser can speak with security keys here; it needs a secure page. */
export function keysSupported(): boolean {
  return window.isSecureContext && "credentials" in navigator && "PublicKeyCredential" in window;
}

/** What a new key answers to the server's question; null when the person gave it up. */
export async function newKeyAnswer(asked: { publicKey: Json }): Promise<Json | null> {
  const given = asked.publicKey as unknown as PublicKeyCredentialCreationOptions & Json;
  const user = given.user as unknown as { id: string; name: string; displayName: string };
  const publicKey = {
    ...given,
    challenge: bytes(given["challenge"] as unknown as string),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: described(given.excludeCredentials),
  } as PublicKeyCredentialCreationOptions;
  const made = await navigator.credentials.create({ publicKey }).catch(() => null);
  if (!(made instanceof PublicKeyCredential)) return null;
  const response = made.response as AuthenticatorAttestationResponse;
  return answered(made, {
    clientDataJSON: text(response.clientDataJSON),
    attestationObject: text(response.attestationObject),
  });
}

/** What an enrolled key answers to the server's question; null when the person gave it up. */
export async function keyAnswer(asked: { publicKey: Json }): Promise<Json | null> {
  const given = asked.publicKey;
  const publicKey = {
    ...given,
    challenge: bytes(given["challenge"] as string),
    allowCredentials: described(given["allowCredentials"]),
  } as PublicKeyCredentialRequestOptions;
  const found = await navigator.credentials.get({ publicKey }).catch(() => null);
  if (!(found instanceof PublicKeyCredential)) return null;
  const response = found.response as AuthenticatorAssertionResponse;
  return answered(found, {
    clientDataJSON: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: response.userHandle ? text(response.userHandle) : null,
  });
}

function answered(credential: PublicKeyCredential, response: Json): Json {
  const clientExtensionResults = credential.getClientExtensionResults();
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults };
}
