import { describe, expect, test } from "vitest";

import { moved, showing, zoomed } from "../src/timeline/axis";

const extent = { start: 0, end: 100 };

describe("zooming", () => {
  test("keeps the centre in its place", () => {
    const window = zoomed(extent, extent, 2, 25, 2);
    expect(window).toEqual({ start: 12.5, end: 62.5 });
  });
  test("stops at the whole and at the narrowest", () => {
    expect(zoomed({ start: 10, end: 90 }, extent, 0.1, 50, 2)).toEqual(extent);
    const near = zoomed({ start: 10, end: 13 }, extent, 100, 11, 2);
    expect(near.end - near.start).toBeCloseTo(2);
  });
  test("of what is shorter than the narrowest changes nothing", () => {
    expect(zoomed({ start: 0, end: 1 }, { start: 0, end: 1 }, 4, 0.5, 2)).toEqual({ start: 0, end: 1 });
  });
});

test("moving stays inside", () => {
  expect(moved({ start: 10, end: 30 }, extent, -50)).toEqual({ start: 0, end: 20 });
  expect(moved({ start: 10, end: 30 }, extent, 500)).toEqual({ start: 80, end: 100 });
});

describe("bringing a turn into view", () => {
  const window = { start: 20, end: 40 };
  test("leaves the window alone where the turn is in view", () => {
    expect(showing(window, extent, { start: 25, end: 30 })).toBe(window);
    expect(showing(window, extent, { start: 30, end: 90 })).toBe(window);
  });
  test("moves it where it is not", () => {
    const there = showing(window, extent, { start: 60, end: 63 });
    expect(there.start).toBeLessThanOrEqual(60);
    expect(there.end).toBeGreaterThanOrEqual(63);
    expect(there.end - there.start).toBeCloseTo(20);
  });
});
