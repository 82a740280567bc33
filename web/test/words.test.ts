import { expect, test } from "vitest";

import { contrast, inkOn } from "../src/colour";
import { clock, length, preciseClock } from "../src/format";
import { flat } from "../src/notes";
import { EVERYTHING, folded, isOpen, matches } from "../src/transcript/filter";
import type { Turn } from "../src/content";

test("times", () => {
  expect([0, 7.9, 65, 3599, 3661].map(clock)).toEqual(["0:00", "0:07", "1:05", "59:59", "1:01:01"]);
  expect([0.04, 59.96, 3600].map(preciseClock)).toEqual(["0:00.0", "1:00.0", "1:00:00.0"]);
  expect([23.44, 61, 3600, 7199.9].map(length)).toEqual(["23.4 s", "1 min 01 s", "1 h 00 min", "2 h 00 min"]);
});

test("what is written on a colour is legible", () => {
  for (const colour of [
    "#BBBBBB",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
    "#882255",
    "#332288",
  ]) {
    expect(contrast(colour, inkOn(colour))).toBeGreaterThanOrEqual(4.5);
  }
});

test("a search minds neither case nor accents, and every condition counts", () => {
  const turn = { speaker: "Zoë", emotion: "joy", confidence: 0.6, abstained: false, text: "Où étais-tu?" } as Turn;
  const fits = (part: Partial<typeof EVERYTHING>): boolean => matches(turn, { ...EVERYTHING, ...part });
  expect(folded("ÉTAIS")).toBe("etais");
  expect([fits({}), fits({ words: " etais " }), fits({ words: "nobody" })]).toEqual([true, true, false]);
  expect([fits({ speaker: "Zoë" }), fits({ speaker: "Ann" }), fits({ emotion: "fear" })]).toEqual([true, false, false]);
  expect([fits({ confidence: 0.6 }), fits({ confidence: 0.65 }), fits({ abstained: "only" })]).toEqual([
    true,
    false,
    false,
  ]);
  expect(matches({ ...turn, text: null }, { ...EVERYTHING, words: "x" })).toBe(false);
  expect([
    isOpen(EVERYTHING),
    isOpen({ ...EVERYTHING, words: "  " }),
    isOpen({ ...EVERYTHING, confidence: 0.1 }),
  ]).toEqual([true, true, false]);
});

test("settings inside settings stand in one list", () => {
  expect(flat({ faces: { rate: 5, names: ["a", "b"] }, turns: null })).toEqual([
    ["faces, rate", "5"],
    ["faces, names", "a, b"],
    ["turns", "null"],
  ]);
});
