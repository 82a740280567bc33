/** The whole recording in one strip, with a frame around the part that the timeline shows. */

import { el, paint } from "../dom";
import type { Session } from "../session";
import { S } from "../strings";
import { moved } from "./axis";

const HEIGHT = 16;

export function makeOverview(session: Session): { element: HTMLElement; redraw: () => void } {
  const { store, extent, spans, content } = session;
  const canvas = el("canvas");
  const frame = el("div", { class: "frame" });
  const element = el(
    "div",
    { class: "overview", title: S.timeline.overview, attributes: { "aria-hidden": "true" } },
    canvas,
    frame,
  );
  const whole = extent.end - extent.start;

  function redraw(): void {
    const context = canvas.getContext("2d");
    const width = element.clientWidth;
    if (context === null || width === 0) return;
    canvas.width = width;
    canvas.height = HEIGHT;
    spans.forEach((span, index) => {
      const turn = content.result.utterances[index];
      context.fillStyle = content.colours[turn?.emotion ?? ""] ?? "#888888";
      context.globalAlpha = turn?.abstained === true ? 0.35 : 1;
      const left = ((span.start - extent.start) / whole) * width;
      context.fillRect(left, 0, Math.max(1, ((span.end - span.start) / whole) * width), HEIGHT);
    });
  }

  function moveFrame(): void {
    const { window } = store.now;
    element.hidden = window.end - window.start > 0.999 * whole;
    paint(frame, {
      left: `${((window.start - extent.start) / whole) * 100}%`,
      width: `${((window.end - window.start) / whole) * 100}%`,
    });
    if (!element.hidden && canvas.width !== element.clientWidth) redraw();
  }

  function goTo(event: PointerEvent): void {
    const box = element.getBoundingClientRect();
    const { window } = store.now;
    const at = extent.start + ((event.clientX - box.left) / box.width) * whole;
    store.set({ window: moved(window, extent, at - (window.start + window.end) / 2) });
  }

  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    goTo(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (event.buttons === 1) goTo(event);
  });
  store.on(["window"], moveFrame);
  new ResizeObserver(redraw).observe(element);
  moveFrame();
  return { element, redraw };
}
