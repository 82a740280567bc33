/** The probabilities of both over time, above each other. */

import { el, section } from "../../dom";
import { length } from "../../format";
import { S } from "../../strings";
import { emotion } from "../figures";
import { W } from "../words";
import { sharesOf, unionOf } from "./figures";
import { linkTo, type Side } from "./side";
import { makeStrip } from "./strip";

type Axis = "own" | "same";

export function overTime(sides: readonly [Side, Side], signal: AbortSignal): HTMLElement {
  const strips = sides.map((side) => {
    const { result } = side.session.content;
    const words = Object.entries(sharesOf(result).shares)
      .sort(([, a], [, b]) => b - a)
      .slice(0, 3)
      .map(([label]) => label);
    return makeStrip(side.session, W.compare.strip(side.recording.name, words), signal);
  });
  // Seconds and numbers of turns are no common scale.
  const timed = sides.every(({ session }) => session.timed) || sides.every(({ session }) => !session.timed);
  const longest = { start: 0, end: Math.max(...sides.map(({ session }) => session.extent.end)) };
  const show = (axis: Axis): void =>
    strips.forEach((strip, at) => strip.show(axis === "same" ? longest : (sides[at]?.session.extent ?? longest)));
  const choice = el("fieldset", { class: "axis" }, el("legend", { text: W.compare.axis }));
  for (const axis of ["own", "same"] as const) {
    const radio = el("input", { attributes: { type: "radio", name: "axis" }, on: { change: () => show(axis) } });
    radio.checked = axis === "own";
    choice.append(el("label", {}, radio, W.compare.axes[axis]));
  }
  const [first, second] = [sides[0].session.content, sides[1].session.content];
  const colours = { ...second.colours, ...first.colours };
  const labels = unionOf(first.result.labels, second.result.labels);
  return section(
    "over-time",
    W.compare.overTime,
    el("p", { class: "legend" }, ...labels.map((label) => emotion(label, colours[label]))),
    timed ? choice : null,
    ...sides.flatMap((side, at) => [
      el("h3", {}, linkTo(side), el("span", { class: "note", text: ` ${lengthOf(side)}` })),
      strips[at]?.element,
    ]),
  );
}

function lengthOf({ session }: Side): string {
  return session.timed ? length(session.extent.end) : S.turns(session.spans.length);
}
