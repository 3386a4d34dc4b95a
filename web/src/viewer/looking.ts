/** The trace of what was before the eyes: gathered while the view rests, sent in small batches, never lost on the way. */
import { ReportViewing } from "../operations";
import { act, newKey, Trouble } from "./api";
import type { Trace } from "./wire";

export interface Look {
  x: number;
  y: number;
  width: number;
  height: number;
  scale: number;
}

const REST = 600; // ms that a view must rest to count as seen
const EVERY = 3000; // ms between batches
const MOST = 50; // looks in one batch; the server takes 100

/** Reports the looks at one slide; `grown` hears of the trace as the server has it. */
export class Looking {
  private waiting: Look[] = [];
  private sent: { looks: Look[]; key: string } | null = null;
  private busy = false;
  private resting = 0;
  private readonly timer: number;

  constructor(
    private readonly slide: string,
    private readonly grown: (trace: Trace) => void,
    private readonly failed: (trouble: Trouble) => void,
  ) {
    this.timer = window.setInterval(() => void this.send(), EVERY);
  }

  /** A view that may begin to rest; the one before it no longer does. */
  view(now: () => Look | null): void {
    window.clearTimeout(this.resting);
    this.resting = window.setTimeout(() => {
      const look = now();
      if (look) this.waiting.push(look);
    }, REST);
  }

  /** Sends what waits, also while the page is left; a batch that did not arrive is sent again as the same one. */
  async send(): Promise<void> {
    if (this.busy || (!this.sent && !this.waiting.length)) return;
    this.sent ??= { looks: this.waiting.splice(0, MOST), key: newKey() };
    this.busy = true;
    try {
      const given = { slide: this.slide, looks: this.sent.looks };
      const payload = await act<{ trace: Trace }>(ReportViewing, given, this.sent.key, true);
      this.sent = null;
      this.grown(payload.trace);
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      if (error.cause_ === "refused" || error.cause_ === "absent") this.sent = null;
      else this.failed(error);
    } finally {
      this.busy = false;
    }
  }

  /** Sends what is left and stops. */
  end(): void {
    window.clearInterval(this.timer);
    window.clearTimeout(this.resting);
    void this.send();
  }
}
