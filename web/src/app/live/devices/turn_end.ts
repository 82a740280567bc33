/** When somebody begins to speak, and when that turn is over, by the loudness alone. */

export interface Limits {
  /** Silence that ends a turn, seconds. */
  silence: number;
  /** A noise that is shorter is no turn, seconds. */
  shortest: number;
  /** A turn that is longer is cut, seconds. */
  longest: number;
  /** So much louder than the room is speech. */
  above: number;
  /** The quietest moment in so many seconds is the room: nobody speaks that long without a gap. */
  window: number;
  /** Quieter than this is never speech: root mean square, 0 to 1. */
  least: number;
}

export const LIMITS: Limits = { silence: 0.8, shortest: 0.3, longest: 30, above: 3, window: 3, least: 0.008 };

export type Turning = "silence" | "begun" | "speaking" | "over" | "dropped";

export class TurnEnd {
  /** What was heard lately, as loudness and seconds. */
  private lately: [number, number][] = [];
  private length = 0;
  private voiced = 0;
  private quiet = 0;
  private speaking = false;

  constructor(private readonly limits: Limits = LIMITS) {}

  /** What the next block of so many seconds and this loudness means. */
  hear(loudness: number, seconds: number): Turning {
    const { silence, shortest, longest, above, least } = this.limits;
    const loud = loudness > Math.max(least, this.room(loudness, seconds) * above);
    if (!this.speaking) {
      if (!loud) return "silence";
      this.speaking = true;
      this.length = seconds;
      this.voiced = seconds;
      this.quiet = 0;
      return "begun";
    }
    this.length += seconds;
    if (loud) {
      this.voiced += seconds;
      this.quiet = 0;
    } else this.quiet += seconds;
    // Sums of tenths fall short of what they should be by a hair.
    if (this.quiet + 1e-9 < silence && this.length + 1e-9 < longest) return "speaking";
    this.speaking = false;
    return this.voiced + 1e-9 < shortest ? "dropped" : "over";
  }

  /** Loudness of the room, now that this was heard: minimum statistics, as in Martin (2001), without their bias. */
  private room(loudness: number, seconds: number): number {
    this.lately.push([loudness, seconds]);
    let length = this.lately.reduce((sum, [, each]) => sum + each, 0);
    while (length > this.limits.window + 1e-9 && this.lately.length > 1) length -= this.lately.shift()?.[1] ?? 0;
    return Math.min(...this.lately.map(([each]) => each));
  }
}
