/** What the page is given: result.json as Python writes it, the colours, and where the recording is. */

import { S } from "./strings";

export type Modality = "text" | "audio" | "visual";
export const MODALITIES: readonly Modality[] = ["text", "audio", "visual"];
export const VIEWS: readonly string[] = ["t", "a", "v", "ta", "tv", "av", "tav"];

export interface ModalityUse {
  present: boolean;
  share: number;
  note?: string | null;
}

export interface Turn {
  id: string;
  speaker: string;
  start: number | null;
  end: number | null;
  text: string | null;
  emotion: string;
  confidence: number;
  abstained: boolean;
  probabilities: Record<string, number>;
  modalities: Record<Modality, ModalityUse>;
  views: Record<string, Record<string, number>>;
}

export interface Media {
  name: string;
  kind: string;
  duration: number | null;
  sha256: string;
  width?: number | null;
  height?: number | null;
  frame_rate?: number | null;
  sample_rate?: number | null;
  transcript?: string | null;
}

export interface Model {
  name: string;
  version: string;
  sha256: string;
  causal: boolean;
  temperature: number;
  confidence_threshold: number;
  features: Record<string, string>;
}

export interface Speaker {
  name: string;
  turns: number;
  seconds: number | null;
}

export interface Result {
  schema_version: string;
  media: Media;
  model: Model;
  labels: string[];
  policy?: string | null;
  settings?: Record<string, unknown>;
  speakers: Speaker[];
  utterances: Turn[];
  warnings?: string[];
  summary?: unknown;
}

export interface Content {
  result: Result;
  /** Emotion -> `#rrggbb`. */
  colours: Record<string, string>;
  /** Emotion -> one to three letters that stand beside its colour. */
  letters: Record<string, string>;
  /** URL of the recording, relative to the page or a data: URL; null where it is not to be played. */
  media: string | null;
}

/** The content of the page's data block; null where the page was built and never filled. */
export function readContent(text: string | null | undefined): Content | null {
  const content = JSON.parse(text ?? "null") as Content | null;
  return content === null ? null : prepared(content);
}

/** The content with the turns of which nothing was measured told apart; changes it in place. */
export function prepared(content: Content): Content {
  for (const turn of content.result.utterances) {
    // What the network answers to nothing at all is no emotion, and must not look like one.
    if (MODALITIES.some((name) => turn.modalities[name]?.present)) continue;
    turn.emotion = S.notMeasured;
    turn.probabilities = {};
  }
  return content;
}

/** Whether every turn has times, so that the page can run on seconds. */
export function isTimed(result: Result): boolean {
  return result.utterances.length > 0 && result.utterances.every((turn) => turn.start !== null && turn.end !== null);
}

/** A stretch of the horizontal axis. */
export interface Span {
  start: number;
  end: number;
}

/** Where each turn lies: in seconds where there are times, else turn `k` lies from `k` to `k + 1`. */
export function spansOf(result: Result): Span[] {
  const timed = isTimed(result);
  return result.utterances.map((turn, index) =>
    timed
      ? { start: turn.start ?? 0, end: Math.max(turn.end ?? 0, turn.start ?? 0) }
      : { start: index, end: index + 1 },
  );
}

/** The whole axis; never empty. */
export function extentOf(result: Result, spans: readonly Span[]): Span {
  const last = spans.reduce((end, span) => Math.max(end, span.end), 0);
  const duration = isTimed(result) ? (result.media.duration ?? 0) : 0;
  return { start: 0, end: Math.max(last, duration, 1e-3) };
}

/** Index of the turn that is heard at `time`: the latest begun that has not ended; -1 where nobody speaks. */
export function turnAt(spans: readonly Span[], time: number): number {
  let found = -1;
  for (let index = 0; index < spans.length; index += 1) {
    const span = spans[index];
    if (
      span !== undefined &&
      span.start <= time &&
      time < span.end &&
      (found < 0 || span.start >= (spans[found]?.start ?? 0))
    ) {
      found = index;
    }
  }
  return found;
}
