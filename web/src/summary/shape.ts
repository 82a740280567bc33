/** The `summary` of result.json as the page reads it. Every part may be absent: views of the summary leave parts out. */

export interface Interval {
  low: number;
  high: number;
  level?: number;
}
export interface Share {
  emotion: string;
  estimate: number;
  interval?: Interval;
  by_time?: number | null;
}
export interface SpeakerShares {
  speaker: string;
  turns: number;
  seconds?: number | null;
  abstained?: number;
  too_few?: boolean;
  shares: Share[];
}
export interface Third {
  number: number;
  start: number | null;
  end: number | null;
  speakers: SpeakerShares[];
}
export interface Quote {
  id: string;
  speaker: string;
  start: number | null;
  text: string | null;
  emotion: string;
  confidence: number;
}
export interface TurningPoint {
  speaker: string;
  turn: Quote;
  turns_before: number;
  turns_after: number;
  p_value?: number;
  in_words: string;
}
export interface Moment {
  rank: number;
  turn: Quote;
  reasons: { kind: string; in_words: string }[];
}
export interface Shift {
  speaker: string;
  was: string;
  becomes: string;
  after: Quote;
  follows?: string | null;
}
export interface ReactionRow {
  emotion: string;
  pairs: number;
  too_few?: boolean;
  counts?: Record<string, number>;
  probabilities: Record<string, number> | null;
  lift?: Record<string, number | null>;
}
export interface Reaction {
  first: string;
  then: string;
  pairs: number;
  too_few?: boolean;
  rows: ReactionRow[];
}
export interface LastState {
  speaker: string;
  turn: Quote;
  abstained?: boolean;
}

export interface Summary {
  title?: string;
  speaker?: string | null;
  labels?: string[];
  headings?: Record<string, string>;
  notes?: string[];
  overview?: { present?: Record<string, number>; shares?: Record<string, number>; emotions?: Record<string, number> };
  speakers?: SpeakerShares[];
  thirds?: Third[];
  negative?: { emotions: string[]; speakers: SpeakerShares[]; thirds?: Third[] };
  shifts?: { pairs: number; compared: number; found: Shift[] };
  turning_points?: TurningPoint[];
  moments?: Moment[];
  reactions?: Reaction[];
  last_states?: LastState[];
}

/** The summary, or null where there is none. */
export function summaryOf(value: unknown): Summary | null {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Summary) : null;
}
