/** Which turns are looked for. */

import type { Turn } from "../content";

export interface Filter {
  words: string;
  /** Empty for anyone. */
  speaker: string;
  /** Empty for any. */
  emotion: string;
  /** 0 to 1. */
  confidence: number;
  abstained: "any" | "only" | "none";
}

export const EVERYTHING: Filter = { words: "", speaker: "", emotion: "", confidence: 0, abstained: "any" };

/** Case and accents do not count in a search. */
export function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

export function isOpen(filter: Filter): boolean {
  return (
    folded(filter.words.trim()) === "" &&
    filter.speaker === "" &&
    filter.emotion === "" &&
    filter.confidence <= 0 &&
    filter.abstained === "any"
  );
}

/** Whether a turn is among those looked for. */
export function matches(turn: Turn, filter: Filter): boolean {
  return (
    (filter.speaker === "" || turn.speaker === filter.speaker) &&
    (filter.emotion === "" || turn.emotion === filter.emotion) &&
    turn.confidence >= filter.confidence - 1e-9 &&
    (filter.abstained === "any" || turn.abstained === (filter.abstained === "only")) &&
    (filter.words === "" || folded(turn.text ?? "").includes(folded(filter.words.trim())))
  );
}
