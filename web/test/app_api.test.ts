import { describe, expect, test } from "vitest";

import { queryOf } from "../src/app/api/client";
import { nameIn } from "../src/app/api/download";
import { EventReader } from "../src/app/api/events";
import { inWords, problemOf } from "../src/app/api/problem";
import { hashOf, NO_FILTER, type Route, routeOf } from "../src/app/route";

describe("server-sent events", () => {
  const stream =
    ': here\n\nevent: progress\r\ndata: {"a":\r\ndata: 1}\r\n\r\nid: 7\ndata:x\n\nevent: gone\rdata: {}\r\r';
  const events = [
    { event: "progress", data: '{"a":\n1}' },
    { event: "message", data: "x" },
    { event: "gone", data: "{}" },
  ];
  test("are the same however the stream is cut", () => {
    for (let size = 1; size <= stream.length; size += 1) {
      const reader = new EventReader();
      const found = [];
      for (let at = 0; at < stream.length; at += size) found.push(...reader.read(stream.slice(at, at + size)));
      // What ends in a lone carriage return waits for what may follow it.
      found.push(...reader.read("\n"));
      expect(found).toEqual(events);
    }
  });
  test("that were cut off are none", () => {
    expect(new EventReader().read("event: progress\ndata: {")).toEqual([]);
  });
});

describe("a problem in words", () => {
  test("says everything once, with the places", () => {
    const errors = [{ loc: ["body", "name"], msg: "is too long" }, "no file", { detail: "x", pointer: "#/a" }, 3];
    expect(inWords({ title: "Refused", detail: "Refused", errors })).toBe(
      "Refused. body, name: is too long. no file. #/a: x.",
    );
  });
  test("is there also where something else answered", () => {
    expect(problemOf(502, "<html>Bad gateway</html>").message).toContain("502");
    expect(problemOf(429, '{"title":"Too many requests"}', "7").message).toContain("7 s");
    expect(problemOf(409, '{"title":"Not yet","detail":"it runs"}').message).toBe("Not yet. it runs.");
  });
});

describe("the address", () => {
  const routes: Route[] = [
    { screen: "recordings", listing: NO_FILTER },
    { screen: "recordings", listing: { ...NO_FILTER, name: "a&b=?/#ü", state: "FAILED" } },
    { screen: "recording", id: "a/b c" },
    { screen: "compare", one: null, other: null },
    { screen: "compare", one: "a", other: null },
    { screen: "compare", one: "a", other: "b" },
    { screen: "live" },
  ];
  test("leads back to its screen", () => {
    for (const route of routes) expect(routeOf(hashOf(route))).toEqual(route);
  });
  test("of a part of the screen is no screen", () => {
    expect([routeOf("#transcript"), routeOf("#main")]).toEqual([null, null]);
    expect(routeOf("")?.screen).toBe("recordings");
    expect(routeOf("#/%E0%A4%A")?.screen).toBe("recordings");
  });
});

test("only what is narrowed is asked for", () => {
  expect(queryOf(NO_FILTER, null, 20)).toBe("limit=20");
  expect(queryOf({ ...NO_FILTER, emotion: "joy" }, "c/1", 20)).toBe("limit=20&emotion=joy&cursor=c%2F1");
});

test("names of downloads", () => {
  expect(nameIn('attachment; filename="a \\"b\\".csv"')).toBe('a "b".csv');
  expect(nameIn("attachment; filename=\"x.csv\"; filename*=UTF-8''%C3%BC.csv")).toBe("ü.csv");
  expect(nameIn("attachment; filename*=UTF-8''%zz; filename=plain.csv")).toBe("plain.csv");
  expect([nameIn("attachment"), nameIn(null)]).toEqual([null, null]);
});
