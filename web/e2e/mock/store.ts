/** The recordings of the mock service: in memory, analysed in a second or two, never really looked at. */

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

import type { Content } from "../../src/content.ts";
import type { Correction, Problem, Recording } from "../../src/app/api/types.ts";

export type View = Content;

export function fixture(name: string): View {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8")) as View;
}

export interface Kept {
  recording: Recording;
  view: View;
  corrections: Map<string, Correction>;
  files: string[];
  /** Told of every change; null where it has been deleted. */
  listeners: Set<(recording: Recording | null) => void>;
}

const STEPS = ["reading the recording", "listening to voices", "looking for faces", "reading the words", "writing"];

export class Store {
  readonly kept = new Map<string, Kept>();

  /** `how`: the view it will have in the end, or the problem it will end with. */
  add(
    name: string,
    how: { view?: View; problem?: Problem; created?: Date; hasTranscript?: boolean; bytes?: number },
  ): Kept {
    const view = how.view ?? fixture("talk");
    const id = randomBytes(16).toString("hex");
    const recording: Recording = {
      id,
      name,
      kind: null,
      duration: null,
      bytes: how.bytes ?? 236_671,
      has_transcript: how.hasTranscript ?? true,
      state: "QUEUED",
      progress: { step: null, share: 0 },
      created: (how.created ?? new Date()).toISOString(),
      started: null,
      finished: null,
      expires: null,
      attempts: 0,
      error: null,
      model: view.result.model.name,
      policy: view.result.policy ?? null,
      turns: null,
      corrections: 0,
      emotions: null,
      speakers: null,
    };
    const kept: Kept = {
      recording,
      view,
      corrections: new Map(),
      files: [`${id}/recording`, `${id}/result.json`],
      listeners: new Set(),
    };
    this.kept.set(id, kept);
    return kept;
  }

  change(kept: Kept, part: Partial<Recording>): void {
    Object.assign(kept.recording, part);
    for (const tell of kept.listeners) tell(kept.recording);
  }

  /** Go through the steps, `wait` milliseconds each. */
  analyse(kept: Kept, wait: number, problem?: Problem): void {
    if (wait === 0) return this.finish(kept, problem);
    const next = (step: number): void => {
      if (!this.kept.has(kept.recording.id)) return;
      if (step === STEPS.length || (problem !== undefined && step === 2)) return this.finish(kept, problem);
      this.change(kept, {
        state: "IN_PROGRESS",
        attempts: 1,
        started: kept.recording.started ?? new Date().toISOString(),
        progress: { step: STEPS[step] ?? null, share: step / STEPS.length },
      });
      setTimeout(() => next(step + 1), wait).unref();
    };
    setTimeout(() => next(0), wait).unref();
  }

  finish(kept: Kept, problem?: Problem): void {
    const { result } = kept.view;
    const emotions: Record<string, number> = {};
    for (const turn of result.utterances) emotions[turn.emotion] = (emotions[turn.emotion] ?? 0) + 1;
    const finished = new Date().toISOString();
    if (problem !== undefined) this.change(kept, { state: "FAILED", error: problem, finished, attempts: 1 });
    else {
      this.change(kept, {
        state: "COMPLETED",
        finished,
        kind: result.media.kind as "video",
        duration: result.media.duration,
        turns: result.utterances.length,
        speakers: result.speakers.map(({ name }) => name),
        emotions,
        progress: { step: null, share: 1 },
      });
    }
  }

  remove(kept: Kept): void {
    this.kept.delete(kept.recording.id);
    for (const tell of kept.listeners) tell(null);
  }
}
