import { describe, expect, test } from "vitest";

import { points, rowsOf, sharesOf } from "../src/app/compare/figures";
import { coloursFor } from "../src/app/figures";
import { bytes } from "../src/app/format";
import { pairUp, stem } from "../src/app/recordings/files";
import type { Result, Turn } from "../src/content";

const file = (name: string): { name: string } => ({ name });
const names = (pairs: ReturnType<typeof pairUp>): (string | null)[][] =>
  pairs.map(({ recording, transcript }) => [recording?.name ?? null, transcript?.name ?? null]);

describe("files that belong together", () => {
  test("have one name", () => {
    const pairs = pairUp([], ["b.vtt", "a.mp4", "A.SRT", "b.wav", "c.json"].map(file));
    expect(names(pairs)).toEqual([
      ["a.mp4", "A.SRT"],
      ["b.wav", "b.vtt"],
      [null, "c.json"],
    ]);
  });
  test("or are the only ones", () => {
    expect(names(pairUp([], ["talk.mp4", "words.csv"].map(file)))).toEqual([["talk.mp4", "words.csv"]]);
    expect(names(pairUp([], ["x.mp4", "y.mp4", "words.csv"].map(file)))).toHaveLength(3);
  });
  test("also when they come one after the other", () => {
    const first = pairUp([], [file("talk.vtt")]);
    expect(names(pairUp(first, [file("talk.mp4")]))).toEqual([["talk.mp4", "talk.vtt"]]);
    const whole = pairUp(pairUp(first, [file("talk.mp4")]), [file("more.vtt")]);
    expect(names(whole)).toEqual([
      ["talk.mp4", "talk.vtt"],
      [null, "more.vtt"],
    ]);
  });
  test("and none is lost", () => {
    const many = ["a.mp4", "a.mp4", "a.vtt", "a.vtt", "b.tar.gz", ".vtt"].map(file);
    const kept = pairUp([], many).flatMap(({ recording, transcript }) => [recording, transcript].filter(Boolean));
    expect(new Set(kept)).toEqual(new Set(many));
  });
  test("are called by what comes before the ending", () => {
    expect([stem("a.b.mp4"), stem("a"), stem("Dr. No and friends")]).toEqual(["a.b", "a", "Dr. No and friends"]);
  });
});

function turn(speaker: string, joy: number, present = true): Turn {
  const use = { present, share: present ? 1 : 0 };
  return {
    speaker,
    probabilities: { joy, fear: 1 - joy },
    modalities: { text: use },
    abstained: joy < 0.5,
  } as unknown as Turn;
}
const result = (turns: Turn[], labels = ["joy", "fear"]): Result =>
  ({ labels, utterances: turns }) as unknown as Result;

describe("distributions", () => {
  const one = result([turn("Ann", 1), turn("Ben", 0.2), turn("Ann", 0, false)]);
  test("are means over the turns of which something was measured", () => {
    expect(sharesOf(one)).toEqual({ turns: 2, abstained: 1, shares: { joy: 0.6, fear: 0.4 } });
    expect(sharesOf(one, "Ann").shares).toEqual({ joy: 1, fear: 0 });
    expect(sharesOf(one, "Di")).toEqual({ turns: 0, abstained: 0, shares: {} });
  });
  test("are compared for every emotion that either model knows", () => {
    const rows = rowsOf(one, result([turn("Cy", 0.5)], ["fear", "anger"]));
    expect(rows.map((row) => row.label)).toEqual(["joy", "fear", "anger"]);
    expect(rows.map(points)).toEqual(["–", "+10", "–"]);
  });
  test("differ by what is shown", () => {
    expect(points({ label: "joy", one: 0.346, other: 0.344, difference: -0.002 })).toBe("−1");
    expect(points({ label: "joy", one: 0.341, other: 0.344, difference: 0.003 })).toBe("0");
  });
});

test("every label has a colour, the known ones theirs", () => {
  const colours = coloursFor(["joy", "x", "y"], { joy: "#123456" });
  expect(colours["joy"]).toBe("#123456");
  expect(Object.values(colours).every((colour) => /^#[0-9A-Fa-f]{6}$/.test(colour))).toBe(true);
});

test("bytes", () => {
  expect([0, 999, 1000, 99_950, 12_340_000, 2e9].map(bytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "100 kB",
    "12.3 MB",
    "2.0 GB",
  ]);
});
