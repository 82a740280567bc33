/** The stretch of the horizontal axis that is in view: zooming and moving it. */

import type { Span } from "../content";

/** Zoom by `factor` (above 1: closer) around `centre`, which keeps its place; stays inside `extent`. */
export function zoomed(window: Span, extent: Span, factor: number, centre: number, narrowest: number): Span {
  const whole = extent.end - extent.start;
  const width = Math.min(whole, Math.max(Math.min(narrowest, whole), (window.end - window.start) / factor));
  const place = (centre - window.start) / (window.end - window.start);
  return inside({ start: centre - place * width, end: centre + (1 - place) * width }, extent);
}

/** Move by `distance`; stays inside `extent`. */
export function moved(window: Span, extent: Span, distance: number): Span {
  return inside({ start: window.start + distance, end: window.end + distance }, extent);
}

/** The window moved, if it must be, so that `span` is in view; as it is where it is in view already. */
export function showing(window: Span, extent: Span, span: Span): Span {
  const width = window.end - window.start;
  const fits = span.end - span.start <= width;
  if (span.start >= window.start && (span.end <= window.end || (!fits && span.start < window.end))) return window;
  return inside({ start: span.start - 0.1 * width, end: span.start + 0.9 * width }, extent);
}

function inside(window: Span, extent: Span): Span {
  const width = Math.min(window.end - window.start, extent.end - extent.start);
  const start = Math.min(Math.max(window.start, extent.start), extent.end - width);
  return { start, end: start + width };
}
