/** The probabilities over time: stacked areas by turn, or a curve per emotion. */

import { curveMonotoneX, line, stack } from "d3-shape";

import type { Turn } from "../content";
import type { Track } from "./layout";
import { FONT, strength, uncovered, type View } from "./view";

/** Up to so many turns in view each has a dot on its curve. */
const DOTTED = 60;

export function drawAreas(view: View, track: Track): void {
  const labels = view.result.labels;
  const turns = view.inView.map((index) => view.result.utterances[index]).filter((turn) => turn !== undefined);
  const layers = stack<Turn>()
    .keys(labels)
    .value((turn, label) => turn.probabilities[label] ?? 0)(turns);
  frame(view, track);
  for (const layer of layers) {
    if (view.hidden.has(layer.key)) continue;
    view.context.fillStyle = view.colours[layer.key] ?? "#888888";
    layer.forEach(([low, high], at) => {
      const index = view.inView[at];
      const turn = turns[at];
      if (index === undefined || turn === undefined) return;
      const { left, width } = uncovered(view, index, view.inView[at + 1]);
      view.context.globalAlpha = strength(view, turn);
      view.context.fillRect(left, track.top + (1 - high) * track.height, width, (high - low) * track.height);
    });
  }
  view.context.globalAlpha = 1;
  scaleOf(view, track);
}

export function drawCurves(view: View, track: Track): void {
  const { context, theme } = view;
  frame(view, track);
  // One turn more on either side, so that curves run on to the edges.
  const [first, last] = [view.inView[0] ?? 0, view.inView[view.inView.length - 1] ?? -1];
  const points: [number, Turn][] = [];
  for (let index = Math.max(0, first - 1); index <= Math.min(view.spans.length - 1, last + 1); index += 1) {
    const [turn, span] = [view.result.utterances[index], view.spans[index]];
    if (turn !== undefined && span !== undefined && view.sought(turn))
      points.push([view.x((span.start + span.end) / 2), turn]);
  }
  const y = (share: number): number => track.top + (1 - share) * track.height;
  const names: Name[] = [];
  context.save();
  context.beginPath();
  context.rect(0, track.top - 1, view.width, track.height + 2);
  context.clip();
  for (const label of view.result.labels) {
    if (view.hidden.has(label)) continue;
    const value = (turn: Turn): number => turn.probabilities[label] ?? 0;
    const draw = line<[number, Turn]>(
      ([left]) => left,
      ([, turn]) => y(value(turn)),
    )
      .curve(curveMonotoneX)
      .context(context);
    for (const [colour, width] of [
      [theme.ink, 3],
      [view.colours[label] ?? "#888888", 2],
    ] as const) {
      context.strokeStyle = colour;
      context.globalAlpha = width === 3 ? 0.35 : 1;
      context.lineWidth = width;
      context.beginPath();
      draw(points);
      context.stroke();
    }
    // What was measured are the turns; the line between them only leads the eye.
    if (points.length <= DOTTED) {
      context.fillStyle = view.colours[label] ?? "#888888";
      context.globalAlpha = 1;
      for (const [left, turn] of points) {
        context.beginPath();
        context.arc(left, y(value(turn)), 3, 0, 7);
        context.fill();
      }
    }
    context.globalAlpha = 1;
    const seen = points.filter(([left]) => left > 10 && left < view.width - 10);
    const peak = seen.reduce<[number, Turn] | undefined>(
      (best, each) => (best === undefined || value(each[1]) > value(best[1]) ? each : best),
      undefined,
    );
    if (peak !== undefined && value(peak[1]) > 0.15) {
      names.push(
        free(names, {
          words: view.marks[label] ?? label,
          left: peak[0],
          top: Math.max(track.top + 8, y(value(peak[1])) - 9),
        }),
      );
    }
  }
  for (const each of names) write(view, each);
  context.restore();
  scaleOf(view, track);
}

interface Name {
  words: string;
  left: number;
  top: number;
}

/** The name, moved aside where another one stands. */
function free(others: readonly Name[], name: Name): Name {
  const taken = others.some((other) => Math.abs(other.left - name.left) < 17 && Math.abs(other.top - name.top) < 12);
  return taken ? free(others, { ...name, left: name.left + 17 }) : name;
}

function write(view: View, { words, left, top }: Name): void {
  const { context, theme } = view;
  context.font = `600 11px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.strokeStyle = theme.paper;
  context.strokeText(words, left, top);
  context.fillStyle = theme.ink;
  context.fillText(words, left, top);
}

function frame(view: View, track: Track): void {
  view.context.fillStyle = view.theme.panel;
  view.context.fillRect(0, track.top, view.width, track.height);
}

function scaleOf(view: View, track: Track): void {
  const { context, theme } = view;
  context.fillStyle = theme.line;
  for (const share of [0, 0.5, 1]) {
    context.globalAlpha = share === 0.5 ? 0.6 : 1;
    context.fillRect(0, Math.round(track.top + (1 - share) * track.height), view.width, 1);
  }
  context.globalAlpha = 1;
}
