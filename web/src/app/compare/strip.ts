/** The probabilities of one recording over time, drawn as the viewer draws them. */

import { scaleLinear } from "d3-scale";

import { themeOf } from "../../colour";
import type { Span } from "../../content";
import { el, paint } from "../../dom";
import type { Session } from "../../session";
import { onTheme } from "../../theme";
import { drawAreas } from "../../timeline/distribution";
import { drawRuler } from "../../timeline/lanes";
import type { View } from "../../timeline/view";

const RULER = 20;
const AREAS = 96;

export interface Strip {
  element: HTMLElement;
  /** Draw this stretch of the axis. */
  show(window: Span): void;
}

/** `label`: what the picture shows, for people who hear the page. */
export function makeStrip(session: Session, label: string, signal: AbortSignal): Strip {
  const canvas = el("canvas", { attributes: { role: "img", "aria-label": label } });
  const element = el("div", { class: "strip" }, canvas);
  let window: Span = session.extent;

  function draw(): void {
    const context = canvas.getContext("2d");
    const width = element.clientWidth;
    if (context === null || width === 0) return;
    const sharpness = devicePixelRatio || 1;
    canvas.width = Math.round(width * sharpness);
    canvas.height = Math.round((RULER + AREAS) * sharpness);
    paint(canvas, { height: `${RULER + AREAS}px` });
    context.setTransform(sharpness, 0, 0, sharpness, 0, 0);
    const view: View = {
      context,
      x: scaleLinear([window.start, window.end], [0, width]),
      width,
      result: session.content.result,
      spans: session.spans,
      inView: session.spans.map((_, index) => index),
      timed: session.timed,
      theme: themeOf(element),
      colours: session.content.colours,
      marks: session.marks,
      hidden: new Set(),
      selected: -1,
      heard: -1,
      corrected: () => false,
      sought: () => true,
    };
    drawRuler(view, { kind: "ruler", label: "", top: 0, height: RULER });
    drawAreas(view, { kind: "distribution", label: "", top: RULER, height: AREAS - 1 });
  }

  const observer = new ResizeObserver(draw);
  observer.observe(element);
  signal.addEventListener("abort", () => observer.disconnect());
  onTheme(draw, { signal });
  return {
    element,
    show(next) {
      window = next;
      draw();
    },
  };
}
