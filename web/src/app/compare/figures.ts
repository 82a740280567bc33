/** Distributions of emotions, so that two recordings can be laid beside each other. */

import { MODALITIES, type Result, type Turn } from "../../content";

export interface Shares {
  /** Turns of which something was measured; the others say nothing. */
  turns: number;
  abstained: number;
  /** Emotion -> mean probability over the turns; empty where there are none. */
  shares: Record<string, number>;
}

/** Labels of both, those of the first in their order, then what the other has besides. */
export function unionOf(one: readonly string[], other: readonly string[]): string[] {
  return [...new Set([...one, ...other])];
}

export function isMeasured(turn: Turn): boolean {
  return MODALITIES.some((modality) => turn.modalities[modality]?.present);
}

/** Of one speaker, or of everybody. */
export function sharesOf(result: Result, speaker?: string): Shares {
  const turns = result.utterances.filter(
    (turn) => isMeasured(turn) && (speaker === undefined || turn.speaker === speaker),
  );
  const shares: Record<string, number> = {};
  if (turns.length > 0) {
    for (const label of result.labels) {
      shares[label] = turns.reduce((sum, turn) => sum + (turn.probabilities[label] ?? 0), 0) / turns.length;
    }
  }
  return { turns: turns.length, abstained: turns.filter((turn) => turn.abstained).length, shares };
}

export interface Row {
  label: string;
  /** null where that recording's model does not know the emotion. */
  one: number | null;
  other: number | null;
  /** The other less the first, -1 to 1; null where one of them has no number. */
  difference: number | null;
}

/** Both distributions, an emotion a row. */
export function rowsOf(one: Result, other: Result): Row[] {
  const [first, second] = [sharesOf(one).shares, sharesOf(other).shares];
  return unionOf(one.labels, other.labels).map((label) => {
    const [a, b] = [first[label] ?? null, second[label] ?? null];
    return { label, one: a, other: b, difference: a === null || b === null ? null : b - a };
  });
}

/** A difference in percentage points, with its sign; the two shares as they are shown are rounded before. */
export function points(row: Row): string {
  if (row.one === null || row.other === null) return "–";
  const difference = Math.round(row.other * 100) - Math.round(row.one * 100);
  return difference > 0 ? `+${difference}` : difference < 0 ? `−${-difference}` : "0";
}
