/** What the service answers, as its API under `/v1` describes it. */

export type State = "QUEUED" | "IN_PROGRESS" | "COMPLETED" | "FAILED";

/** RFC 9457. */
export interface Problem {
  type?: string;
  title: string;
  status?: number;
  detail?: string | null;
  errors?: unknown;
}

export interface Recording {
  id: string;
  name: string;
  kind: "video" | "audio" | "text" | null;
  /** Seconds. */
  duration: number | null;
  bytes: number;
  has_transcript: boolean;
  state: State;
  progress: { step: string | null; share: number };
  created: string;
  started: string | null;
  finished: string | null;
  expires: string | null;
  attempts: number;
  error: Problem | null;
  model: string;
  policy: string | null;
  turns: number | null;
  corrections: number;
  /** Emotion -> number of turns. */
  emotions: Record<string, number> | null;
  speakers: string[] | null;
}

export interface RecordingPage {
  items: Recording[];
  next: string | null;
}

export interface Correction {
  utterance_id: string;
  predicted: string;
  emotion: string;
  note: string | null;
  author: string | null;
  created: string;
}

export interface Receipt {
  id: string;
  deleted: string;
  removed: { files: string[]; bytes: number; rows: number };
  remaining: { files: number; rows: number };
}

export interface Me {
  project: string;
  scopes: string[];
  labels: string[];
  /** Emotion -> `#rrggbb`; where the service tells. */
  colours?: Record<string, string>;
  model: string;
  live_model: string | null;
  policy: string | null;
  limits: Record<string, number | null>;
  retention_days: number | null;
  version: string;
}

export const EXPORTS = ["json", "csv", "parquet", "vtt", "srt", "rttm", "eaf", "textgrid", "html", "png"] as const;
/** These need the times of the turns. */
export const TIMED_EXPORTS: readonly string[] = ["vtt", "srt", "rttm", "eaf", "textgrid"];

export function isOver(recording: Recording): boolean {
  return recording.state === "COMPLETED" || recording.state === "FAILED";
}
