import { describe, expect, test } from "vitest";

import { base64, loudness, pcm16 } from "../src/app/live/devices/pcm";
import { LIMITS, TurnEnd, type Turning } from "../src/app/live/devices/turn_end";

describe("sound as numbers", () => {
  test("is 16 bits, little-endian, and clipped", () => {
    const bytes = pcm16([new Float32Array([0, 1, -1]), new Float32Array([2, -2, 0.5])]);
    const view = new DataView(bytes.buffer);
    const samples = [0, 2, 4, 6, 8, 10].map((at) => view.getInt16(at, true));
    expect(samples).toEqual([0, 32767, -32768, 32767, -32768, 16384]);
    expect(bytes[2]).toBe(0xff);
  });
  test("survives base64, also where it is long", () => {
    const bytes = Uint8Array.from({ length: 100_001 }, (_, at) => (at * 7) % 256);
    expect(Uint8Array.from(atob(base64(bytes)), (letter) => letter.charCodeAt(0))).toEqual(bytes);
  });
  test("has a loudness", () => {
    expect(loudness(new Float32Array([0.5, -0.5]))).toBeCloseTo(0.5);
    expect(loudness(new Float32Array(0))).toBe(0);
  });
});

describe("the end of a turn", () => {
  const hear = (levels: number[], limits = LIMITS): Turning[] => {
    const turns = new TurnEnd(limits);
    return levels.map((level) => turns.hear(level, 0.1));
  };
  const quiet = (n: number): number[] => Array<number>(n).fill(0.002);
  const loud = (n: number): number[] => Array<number>(n).fill(0.1);

  test("comes after the silence, and not within", () => {
    const heard = hear([...quiet(5), ...loud(6), ...quiet(4), ...loud(3), ...quiet(8), ...quiet(3)]);
    expect(heard.indexOf("begun")).toBe(5);
    expect(heard.filter((each) => each === "over")).toHaveLength(1);
    expect(heard.indexOf("over")).toBe(5 + 6 + 4 + 3 + 8 - 1);
    expect(heard.slice(-3)).toEqual(["silence", "silence", "silence"]);
  });
  test("of a knock is no turn", () => {
    expect(hear([...quiet(5), ...loud(1), ...quiet(8)]).at(-1)).toBe("dropped");
  });
  test("comes at last where nobody pauses", () => {
    const words = Array.from({ length: 305 }, (_, at) => (at % 5 === 4 ? 0.01 : 0.1));
    const heard = hear([...quiet(2), ...words]);
    expect(heard.indexOf("over")).toBe(2 + 300 - 1);
  });
  test("is found in a loud room, which is no speech itself", () => {
    const room = (n: number): number[] => Array<number>(n).fill(0.03);
    const heard = hear([...room(20), ...Array<number>(5).fill(0.2), ...room(10)]);
    expect(heard.slice(0, 20).every((each) => each === "silence")).toBe(true);
    expect(heard[20]).toBe("begun");
    expect(heard).toContain("over");
  });
  test("comes also where a fan is switched on for good", () => {
    const heard = hear([...quiet(20), ...Array<number>(80).fill(0.05)]);
    expect(heard.indexOf("over")).toBeGreaterThan(0);
    expect(heard.at(-1)).toBe("silence");
  });
});
