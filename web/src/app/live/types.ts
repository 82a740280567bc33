/** What goes over the wire of a live conversation. */

import type { Modality, ModalityUse } from "../../content";
import type { Problem } from "../api/types";

export interface Ready {
  type: "ready";
  labels: string[];
  model: string;
  modalities: Modality[];
  notice: string | null;
}

export interface Prediction {
  type: "prediction";
  id: number;
  emotion: string;
  confidence: number;
  abstained: boolean;
  probabilities: Record<string, number>;
  shares: Partial<Record<Modality, number>>;
  modalities: Partial<Record<Modality, Omit<ModalityUse, "share">>>;
}

export type Answer =
  Ready | Prediction | { type: "ended"; utterances: number } | { type: "error"; problem: Problem; id?: number | null };

export interface Sound {
  /** Hz. */
  rate: number;
  /** Mono, 16 bits, little-endian, base64. */
  pcm16: string;
}

/** What somebody said or wrote. */
export interface Said {
  speaker: string;
  text: string | null;
  /** Seconds since the conversation began. */
  start: number;
  end: number;
  audio: Sound | null;
  /** PNG or JPEG, base64. */
  faces: string[];
}
