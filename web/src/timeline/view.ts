/** What a track needs to draw itself. */

import type { ScaleLinear } from "d3-scale";

import type { Theme } from "../colour";
import type { Result, Span, Turn } from "../content";
import type { Track } from "./layout";

export interface View {
  context: CanvasRenderingContext2D;
  /** Axis to CSS pixels. */
  x: ScaleLinear<number, number>;
  width: number;
  result: Result;
  spans: readonly Span[];
  /** Indices of the turns in view, in their order. */
  inView: readonly number[];
  /** Whether the axis is in seconds, not turns. */
  timed: boolean;
  theme: Theme;
  colours: Record<string, string>;
  marks: Record<string, string>;
  hidden: ReadonlySet<string>;
  selected: number;
  heard: number;
  /** Whether a person says other than the model about a turn. */
  corrected: (turn: Turn) => boolean;
  /** Whether a turn is among those looked for. */
  sought: (turn: Turn) => boolean;
}

/** A turn's left edge and width in CSS pixels, with a hair of air on its right, never less than one pixel. */
export function boxOf(view: View, index: number): { left: number; width: number } {
  const span = view.spans[index] ?? { start: 0, end: 0 };
  const left = view.x(span.start);
  const width = view.x(span.end) - left;
  return { left, width: Math.max(1, width > 4 ? width - 1 : width) };
}

/** As `boxOf`, but where somebody starts while another still speaks, the column of the earlier turn ends there. */
export function uncovered(view: View, index: number, next: number | undefined): { left: number; width: number } {
  const box = boxOf(view, index);
  const until = next === undefined ? Number.POSITIVE_INFINITY : view.x(view.spans[next]?.start ?? 0);
  return { left: box.left, width: Math.max(0.5, Math.min(box.width, until - box.left)) };
}

/** How strongly a turn is drawn. */
export function strength(view: View, turn: Turn): number {
  return view.sought(turn) ? 1 : 0.15;
}

/** Slanted lines of `colour`; marks what is uncertain. */
export function hatch(context: CanvasRenderingContext2D, colour: string): CanvasPattern | string {
  return pattern(context, colour, (tile) => {
    tile.lineWidth = 2.2;
    tile.beginPath();
    for (const shift of [-6, 0, 6]) {
      tile.moveTo(shift - 1, 7);
      tile.lineTo(shift + 7, -1);
    }
    tile.stroke();
  });
}

/** Sparse dots of `colour`; marks what was not measured. */
export function dots(context: CanvasRenderingContext2D, colour: string): CanvasPattern | string {
  return pattern(context, colour, (tile) => {
    tile.beginPath();
    tile.arc(2, 3, 0.9, 0, 7);
    tile.fill();
  });
}

function pattern(
  context: CanvasRenderingContext2D,
  colour: string,
  draw: (tile: CanvasRenderingContext2D) => void,
): CanvasPattern | string {
  const sharpness = context.getTransform().a;
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.max(1, Math.round(6 * sharpness));
  const brush = tile.getContext("2d");
  if (brush === null) return colour;
  brush.scale(tile.width / 6, tile.width / 6);
  brush.strokeStyle = brush.fillStyle = colour;
  draw(brush);
  const made = context.createPattern(tile, "repeat");
  made?.setTransform(new DOMMatrix().scale(6 / tile.width));
  return made ?? colour;
}

export const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

export type Draw = (view: View, track: Track) => void;
