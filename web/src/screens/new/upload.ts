/** Sending files to a referral: with progress, one after the other, each again when the line is back. */
import { headers } from "../../net/client";
import { lineCut, lineHeld } from "../../net/line";
import { lineLost, type Problem, problemOf } from "../../net/problem";

/** The largest file the server takes, in bytes. */
export const MOST = 20 * 1024 * 1024;
const LARGE = 1.5 * 1024 * 1024; // bytes above which a photograph is made smaller for a slow line
const EDGE = 2400; // pixels of the longer side it keeps

/** A photograph made smaller where it is large; anything else as it is. */
export async function lighter(file: File): Promise<File> {
  if (file.size <= LARGE || !/^image\/(jpeg|png|webp|heic)$/.test(file.type)) return file;
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return file;
  const scale = Math.min(1, EDGE / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const made = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
  return made.size < file.size
    ? new File([made], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" })
    : file;
}

/** Sends one file; `told` hears the share that is there, 0 to 1. Null when it arrived, else the problem. */
export async function send(referral: string, file: File, told: (share: number) => void): Promise<Problem | null> {
  const form = new FormData();
  form.append("referral", referral);
  const sum = await checksum(file);
  if (sum) form.append("sha256", sum);
  form.append("file", file, file.name);
  return new Promise((go) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/attachments/");
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && told(event.loaded / event.total);
    request.onload = () => {
      lineHeld();
      go(problemOf(request.status, request.response, request.getResponseHeader("X-Request-Id") ?? ""));
    };
    request.onerror = () => {
      lineCut();
      go(lineLost());
    };
    request.send(form);
  });
}

/** SHA-256 of a file, hexadecimal; empty where the page has no secure context. */
async function checksum(file: File): Promise<string> {
  if (typeof crypto.subtle === "undefined") return "";
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return Array.from(sum, (part) => part.toString(16).padStart(2, "0")).join("");
}
