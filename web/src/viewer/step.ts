/** Two slides in step: what moves one moves the other, from where both stood when they were joined. */
import type { Pane, View } from "./pane";

/** Keeps two panes in step as long as `joined`. */
export class Step {
  joined = true;
  private from: [View, View];
  private leading: Pane | null = null;
  private released = 0;

  constructor(
    private readonly one: Pane,
    private readonly other: Pane,
  ) {
    this.from = [one.view(), other.view()];
  }

  /** Joins them as they stand now, or lets them apart. */
  toggle(): void {
    this.joined = !this.joined;
    this.from = [this.one.view(), this.other.view()];
  }

  /** Follows the pane that moved; the one that follows leads nobody. */
  moved(pane: Pane): void {
    if (!this.joined || (this.leading && this.leading !== pane)) return;
    this.leading = pane;
    window.clearTimeout(this.released);
    this.released = window.setTimeout(() => (this.leading = null), 150);
    const [mine, others] = pane === this.one ? this.from : [this.from[1], this.from[0]];
    const follower = pane === this.one ? this.other : this.one;
    const now = pane.view();
    const scale = others.scale * (now.scale / mine.scale);
    const turn = others.turn + now.turn - mine.turn;
    // The same way on the screen: turned out of the one's image, scaled, and turned into the other's.
    const way = turned([now.x - mine.x, now.y - mine.y], now.turn);
    const [x, y] = turned([(way[0] * now.scale) / scale, (way[1] * now.scale) / scale], -turn);
    follower.look({ x: others.x + x, y: others.y + y, scale, turn }, true);
  }
}

function turned([x, y]: [number, number], degrees: number): [number, number] {
  const angle = (degrees * Math.PI) / 180;
  return [x * Math.cos(angle) - y * Math.sin(angle), x * Math.sin(angle) + y * Math.cos(angle)];
}
