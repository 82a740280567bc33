/** The ruler, and a lane per speaker with a block per turn. */

import { inkOn } from "../colour";
import { clock } from "../format";
import { boxOf, type Draw, FONT, hatch, strength, type View } from "./view";

export const drawRuler: Draw = (view, track) => {
  const { context, theme } = view;
  context.font = `11px ${FONT}`;
  context.textBaseline = "middle";
  context.textAlign = "left";
  for (const tick of ticks(view)) {
    const left = Math.round(view.x(tick)) + 0.5;
    context.fillStyle = theme.line;
    context.fillRect(left - 0.5, track.top + 4, 1, 10_000);
    context.fillStyle = theme.muted;
    const words = view.timed ? clock(tick) : String(tick + 1);
    if (left + context.measureText(words).width + 4 < view.width) context.fillText(words, left + 4, track.top + 10);
  }
};

/** Round times; a day has 60 minutes to the hour, so steps of ten alone will not do. */
function ticks(view: View): number[] {
  const [start = 0, end = 1] = view.x.domain();
  const most = Math.max(2, Math.floor(view.width / 84));
  const steps = view.timed
    ? [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400]
    : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
  const step = steps.find((each) => (end - start) / each <= most) ?? 28_800;
  const found: number[] = [];
  for (let tick = Math.ceil(start / step) * step; tick <= end; tick += step) found.push(tick);
  return found;
}

export const drawLane: Draw = (view, track) => {
  const { context, theme } = view;
  context.fillStyle = theme.panel;
  context.fillRect(0, track.top, view.width, track.height);
  context.font = `600 11px ${FONT}`;
  context.textBaseline = "middle";
  const hatches = new Map<string, CanvasPattern | string>();
  for (const index of view.inView) {
    const turn = view.result.utterances[index];
    if (turn === undefined || turn.speaker !== track.speaker) continue;
    const { left, width } = boxOf(view, index);
    const [top, height] = [track.top + 2, track.height - 4];
    const colour = view.colours[turn.emotion] ?? "#888888";
    context.globalAlpha = strength(view, turn);
    if (turn.abstained) {
      const lines = hatches.get(colour) ?? hatch(context, colour);
      hatches.set(colour, lines);
      context.fillStyle = theme.paper;
      context.fillRect(left, top, width, height);
      context.fillStyle = lines;
      context.fillRect(left, top, width, height);
      context.strokeStyle = colour;
      context.lineWidth = 1;
      if (width > 3) context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
    } else {
      context.fillStyle = colour;
      context.fillRect(left, top, width, height);
    }
    write(view, turn.emotion, turn.abstained, colour, left, width, track.top + track.height / 2 + 0.5);
    if (view.corrected(turn)) fold(view, left, width, top);
    context.globalAlpha = 1;
    if (index === view.selected || index === view.heard) {
      context.strokeStyle = index === view.selected ? theme.ink : theme.accent;
      context.lineWidth = 2;
      context.strokeRect(left - 1, top - 1, Math.max(3, width + 2), height + 2);
    }
  }
};

/** A folded corner: a person says something else about this turn. */
function fold(view: View, left: number, width: number, top: number): void {
  const { context, theme } = view;
  const side = Math.min(9, width);
  context.beginPath();
  context.moveTo(left + width - side, top);
  context.lineTo(left + width, top);
  context.lineTo(left + width, top + side);
  context.closePath();
  context.fillStyle = theme.ink;
  context.fill();
  context.strokeStyle = theme.paper;
  context.lineWidth = 1;
  context.stroke();
}

/** The emotion in full where it fits, else its letters, else nothing: then it takes zooming in. */
function write(
  view: View,
  emotion: string,
  abstained: boolean,
  colour: string,
  left: number,
  width: number,
  middle: number,
): void {
  if (width < 11) return;
  const { context } = view;
  const [visibleLeft, visibleRight] = [Math.max(left, 0), Math.min(left + width, view.width)];
  const room = visibleRight - visibleLeft - 3;
  const tail = abstained ? "?" : "";
  const mark = view.marks[emotion] ?? "";
  const words = [emotion + tail, mark + tail, mark].find((each) => context.measureText(each).width <= room);
  if (words === undefined) return;
  const centre = (visibleLeft + visibleRight) / 2;
  if (abstained) {
    const wide = context.measureText(words).width + 3;
    context.fillStyle = view.theme.paper;
    context.fillRect(centre - wide / 2, middle - 8, wide, 15);
  }
  context.fillStyle = abstained ? view.theme.ink : inkOn(colour);
  context.textAlign = "center";
  context.fillText(words, centre, middle);
}
