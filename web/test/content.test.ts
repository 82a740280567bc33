import { describe, expect, test } from "vitest";

import { extentOf, isTimed, type Result, type Turn, spansOf, turnAt } from "../src/content";

function turn(start: number | null, end: number | null, more: Partial<Turn> = {}): Turn {
  const absent = { present: false, share: 0, note: null };
  return {
    id: "u",
    speaker: "Ann",
    start,
    end,
    text: "Hello",
    emotion: "joy",
    confidence: 0.5,
    abstained: false,
    probabilities: { joy: 0.5, fear: 0.5 },
    modalities: { text: absent, audio: absent, visual: absent },
    views: {},
    ...more,
  };
}

function result(turns: Turn[], duration: number | null): Result {
  return {
    schema_version: "1.0",
    media: { name: "a", kind: "audio", duration, sha256: "" },
    labels: ["joy", "fear"],
    model: {
      name: "m",
      version: "0",
      sha256: "",
      causal: false,
      temperature: 1,
      confidence_threshold: 0,
      features: {},
    },
    speakers: [],
    utterances: turns,
  };
}

describe("the axis", () => {
  test("is in seconds where every turn has times", () => {
    const timed = result([turn(1, 2), turn(2, 5)], 9);
    expect(isTimed(timed)).toBe(true);
    expect(extentOf(timed, spansOf(timed))).toEqual({ start: 0, end: 9 });
  });
  test("is in turns where one has none", () => {
    const untimed = result([turn(1, 2), turn(null, null)], 9);
    expect(isTimed(untimed)).toBe(false);
    expect(spansOf(untimed)).toEqual([
      { start: 0, end: 1 },
      { start: 1, end: 2 },
    ]);
    expect(extentOf(untimed, spansOf(untimed)).end).toBe(2);
  });
  test("reaches to a turn that runs past the end, and is never empty", () => {
    const late = result([turn(1, 12)], 9);
    expect(extentOf(late, spansOf(late)).end).toBe(12);
    expect(extentOf(result([], null), []).end).toBeGreaterThan(0);
  });
});

test("of two who speak at once the later one is heard; between turns nobody is", () => {
  const spans = [
    { start: 0, end: 4 },
    { start: 2, end: 3 },
    { start: 6, end: 7 },
  ];
  expect([1, 2.5, 3.5, 5, 6, 7].map((time) => turnAt(spans, time))).toEqual([0, 1, 0, -1, 2, -1]);
});
