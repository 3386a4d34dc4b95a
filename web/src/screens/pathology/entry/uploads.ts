/**
 * Slides on their way to the server, by tus 1.0.0. An upload lives beside the pages, so that one may look at something
 * else meanwhile; a cut line is waited for, and after a reload the same file goes on where the server has it.
 */
import { effect, signal } from "@preact/signals";
import type { Upload } from "tus-js-client";
import { call, headers, signInAgain } from "../../../net/client";
import { online, returned } from "../../../net/line";
import { SlideUploads, type SlideUploadsData } from "../../../operations";
import { words } from "./words";

/** What the server has of a slide's files. */
export type Received = SlideUploadsData["uploads"][number];

/** One file on its way. */
export interface Sending {
  readonly slide: string;
  readonly name: string;
  readonly size: number;
  readonly sent: number;
  readonly state: "starting" | "sending" | "paused" | "cut" | "failed" | "received";
  /** Why it failed, in words. */
  readonly problem: string;
}

const [SMALL, LARGE] = [256 * 1024, 4 * 1024 * 1024]; // bytes
const PAUSES = [0, 1000, 3000, 6000, 10_000]; // milliseconds before each new attempt
const running = new Map<string, Upload>();
const files = new Map<string, File>();

/** Bytes sent and checked at once: what a cut can cost, a sixty-fourth of the file. */
function pieceOf(file: File): number {
  return Math.min(LARGE, Math.max(SMALL, Math.ceil(file.size / 64)));
}

/** Every file on its way, by slide. */
export const sendings = signal<ReadonlyMap<string, Sending>>(new Map());

function tell(slide: string, change: Partial<Sending>): void {
  const before = sendings.peek().get(slide);
  if (before) sendings.value = new Map(sendings.peek()).set(slide, { ...before, ...change });
}

/** Forgets what is shown of a slide's file. */
export function forget(slide: string): void {
  const next = new Map(sendings.peek());
  next.delete(slide);
  sendings.value = next;
  running.delete(slide);
  files.delete(slide);
}

/** Sends a file for a slide; goes on with what the server already has of a file of this name and size. */
export async function sendSlide(slide: string, file: File): Promise<void> {
  const begun: Sending = { slide, name: file.name, size: file.size, sent: 0, state: "starting", problem: "" };
  sendings.value = new Map(sendings.peek()).set(slide, begun);
  files.set(slide, file);
  const [tus, known] = await Promise.all([import("tus-js-client").catch(() => null), call(SlideUploads, { slide })]);
  if (!known.ok)
    return tell(slide, { state: known.problem.kind === "line" ? "cut" : "failed", problem: known.problem.message });
  if (!tus) return tell(slide, { state: "cut", problem: words().lineCut });
  const piece = pieceOf(file);
  const before = known.data.uploads.find(
    (one) => one.state === "RECEIVING" && one.name === file.name && one.size === file.size,
  );
  const upload = new tus.Upload(file, {
    endpoint: "/uploads/",
    uploadUrl: before?.url ?? null,
    metadata: { slide, filename: file.name },
    chunkSize: piece,
    retryDelays: PAUSES,
    storeFingerprintForResuming: false, // the server knows what it has; nothing about patients' files stays on the machine
    onBeforeRequest: async (request) => {
      for (const [name, value] of Object.entries(headers({ Accept: "application/json" })))
        request.setHeader(name, value);
      const offset = request.getHeader("Upload-Offset");
      if (request.getMethod() === "PATCH" && offset !== undefined)
        await check(request, file.slice(Number(offset), Number(offset) + piece));
    },
    onShouldRetry: (error) => {
      const status = error.originalResponse?.getStatus() ?? 0;
      return status === 0 || status >= 500 || [409, 423, 460].includes(status);
    },
    onProgress: (sent) => tell(slide, { sent, state: "sending", problem: "" }),
    onSuccess: () => {
      running.delete(slide);
      tell(slide, { sent: file.size, state: "received" });
    },
    onError: (error) => void failed(slide, error),
  });
  running.set(slide, upload);
  tell(slide, { sent: before?.offset ?? 0, state: "sending" });
  upload.start();
}

/** The digest of the piece beside it: the server keeps a piece whole or not at all. */
async function check(request: { setHeader(name: string, value: string): void }, piece: Blob): Promise<void> {
  if (!crypto.subtle) return; // plain http to another machine
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await piece.arrayBuffer()));
  request.setHeader("Upload-Checksum", `sha256 ${btoa(String.fromCharCode(...digest))}`);
}

interface Refusal {
  readonly originalResponse?: { getStatus(): number; getBody(): string } | null;
}

async function failed(slide: string, error: Error & Refusal): Promise<void> {
  const response = error.originalResponse;
  const status = response?.getStatus() ?? 0;
  if (status === 0) return tell(slide, { state: "cut", problem: words().lineCut });
  if (status === 401 && (await signInAgain())) return resume(slide);
  tell(slide, { state: "failed", problem: sentenceIn(response?.getBody() ?? "") || words().uploadFailed(status) });
}

function sentenceIn(body: string): string {
  try {
    return (JSON.parse(body) as { errors?: { message?: string }[] }).errors?.[0]?.message ?? "";
  } catch {
    return ""; // a proxy's page
  }
}

/** Stops sending; what arrived is kept. */
export function pause(slide: string): void {
  void running.get(slide)?.abort();
  tell(slide, { state: "paused" });
}

/** Goes on where the server has it. */
export function resume(slide: string): void {
  const found = running.get(slide);
  if (!found) return again(slide);
  tell(slide, { state: "sending", problem: "" });
  found.start();
}

/** Begins anew with the same file, after a refusal that was mended. */
export function again(slide: string): void {
  const file = files.get(slide);
  if (file) void sendSlide(slide, file);
}

/** Ends an upload here and on the server: what arrived of it is deleted. */
export async function giveUp(slide: string, url: string | null): Promise<boolean> {
  const found = running.get(slide);
  await found?.abort();
  const address = found?.url ?? url;
  if (address) {
    const answer = await fetch(address, { method: "DELETE", headers: headers({ "Tus-Resumable": "1.0.0" }) }).catch(
      () => null,
    );
    if (!answer || (!answer.ok && ![404, 410].includes(answer.status))) return false;
  }
  forget(slide);
  return true;
}

// A line that comes back takes up whatever was cut.
let seen = returned.peek();
effect(() => {
  if (returned.value === seen) return;
  seen = returned.value;
  for (const [slide, one] of sendings.peek()) if (one.state === "cut") resume(slide);
});
effect(() => {
  if (!online.value)
    for (const [slide, one] of sendings.peek()) if (one.state === "sending") tell(slide, { problem: words().lineCut });
});

window.addEventListener("beforeunload", (event) => {
  if ([...sendings.peek().values()].some((one) => one.state === "sending" || one.state === "starting"))
    event.preventDefault();
});
