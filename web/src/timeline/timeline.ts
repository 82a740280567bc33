/** The timeline: lanes, probabilities and shares on one axis that can be zoomed and moved. */

import { scaleLinear } from "d3-scale";

import { type Theme, themeOf } from "../colour";
import { el, paint } from "../dom";
import { type Session, wordsOf } from "../session";
import { S } from "../strings";
import { matches } from "../transcript/filter";
import { showing } from "./axis";
import { drawAreas, drawCurves } from "./distribution";
import { hover } from "./hover";
import { listenToKeys, listenToPointer } from "./input";
import { drawLane, drawRuler } from "./lanes";
import { layOut, type Layout } from "./layout";
import { drawShares } from "./shares";
import type { View } from "./view";

/** Under this width of the timeline, in CSS pixels, labels stand above their tracks. */
const NARROW = 620;
const GUTTER = 132;

/** CSS pixels of A4 less its margins, and device pixels for each. */
const ON_PAPER = { width: 680, sharpness: 3 };

export interface Timeline {
  element: HTMLElement;
  /** Draw for paper, or for the screen again. */
  print(printing: boolean): void;
  redraw(): void;
}

export function makeTimeline(session: Session): Timeline {
  const { store, content } = session;
  const { result } = content;
  const canvas = el("canvas", { attributes: { "aria-hidden": "true" } });
  const playhead = el("div", { class: "playhead", attributes: { "aria-hidden": "true" } });
  const tip = el("div", { class: "tip", attributes: { "aria-hidden": "true" } });
  const stage = el(
    "div",
    {
      class: "stage",
      attributes: {
        role: "slider",
        tabindex: "0",
        "aria-label": S.timeline.label,
        "aria-orientation": "horizontal",
        "aria-valuemin": "1",
        "aria-valuemax": String(Math.max(1, result.utterances.length)),
        "aria-describedby": "timeline-help",
      },
    },
    canvas,
    playhead,
    tip,
  );
  const gutter = el("div", { class: "gutter" });
  const element = el("div", { class: "tracks" }, gutter, stage);

  const speakers = result.speakers.map((speaker) => speaker.name);
  let layout: Layout = layOut(speakers, false);
  let width = 0;
  let printing = false;
  let asked = false;

  const x = () => scaleLinear([store.now.window.start, store.now.window.end], [0, width]);

  function redraw(): void {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw(themeOf(element), window.devicePixelRatio || 1);
    });
  }

  function draw(theme: Theme, sharpness: number): void {
    const context = canvas.getContext("2d");
    if (context === null || width <= 0) return;
    canvas.width = Math.round(width * sharpness);
    canvas.height = Math.round(layout.height * sharpness);
    paint(canvas, { height: `${layout.height}px` });
    context.setTransform(sharpness, 0, 0, sharpness, 0, 0);
    const state = store.now;
    const inView = session.spans.flatMap((span, index) =>
      span.end >= state.window.start && span.start <= state.window.end ? [index] : [],
    );
    const sought = new Set(
      inView.filter((index) => printing || isSought(index)).map((index) => result.utterances[index]),
    );
    const view: View = {
      context,
      x: x(),
      width,
      result,
      inView,
      theme,
      spans: session.spans,
      timed: session.timed,
      colours: content.colours,
      marks: session.marks,
      hidden: state.hidden,
      selected: printing ? -1 : state.selected,
      heard: printing ? -1 : state.heard,
      corrected: (turn) => state.corrections.has(turn.id),
      sought: (turn) => sought.has(turn),
    };
    for (const track of layout.tracks) {
      const drawers = {
        ruler: drawRuler,
        lane: drawLane,
        distribution: state.drawing === "areas" ? drawAreas : drawCurves,
        modality: drawShares,
      };
      drawers[track.kind](view, track);
    }
  }

  function isSought(index: number): boolean {
    const turn = result.utterances[index];
    return turn !== undefined && matches(turn, store.now.filter);
  }

  function arrange(total: number): void {
    const stacked = total < NARROW && !printing;
    const before = width;
    width = Math.max(0, stacked ? total : total - GUTTER);
    layout = layOut(speakers, stacked);
    element.classList.toggle("stacked", stacked);
    paint(element, { "--gutter": `${GUTTER}px`, height: `${layout.height}px` });
    gutter.replaceChildren(
      ...layout.tracks
        .filter((track) => track.label !== "")
        .map((track) =>
          paint(el("div", { class: `label ${track.kind}`, text: track.label, title: track.label, dir: "auto" }), {
            top: `${stacked ? track.top - 16 : track.top}px`,
            height: `${stacked ? 16 : track.height}px`,
          }),
        ),
    );
    if (before !== width) movePlayhead();
  }

  function movePlayhead(): void {
    const left = x()(store.now.time);
    playhead.hidden = !session.playable || left < 0 || left > width;
    paint(playhead, { transform: `translateX(${left}px)` });
  }

  function announce(): void {
    stage.setAttribute("aria-valuenow", String(store.now.selected + 1));
    stage.setAttribute("aria-valuetext", wordsOf(session, store.now.selected));
  }

  new ResizeObserver(() => {
    if (printing) return;
    arrange(element.clientWidth);
    redraw();
  }).observe(element);
  store.on(["window", "hidden", "drawing", "filter", "selected", "heard", "corrections"], redraw);
  store.on(["window", "time"], movePlayhead);
  store.on(["selected"], () => {
    announce();
    bring(store.now.selected);
  });
  store.on(["heard"], () => {
    if (store.now.follow) bring(store.now.heard);
  });
  announce();

  function bring(index: number): void {
    const span = session.spans[index];
    if (span !== undefined) store.set({ window: showing(store.now.window, session.extent, span) });
  }

  const place = { x, layout: () => layout, stage };
  listenToPointer(session, place);
  listenToKeys(session, place);
  hover(session, place, tip);

  return {
    element,
    redraw,
    print(now) {
      printing = now;
      arrange(now ? ON_PAPER.width : element.clientWidth);
      if (now) draw(themeOf(element), ON_PAPER.sharpness);
      else redraw();
    },
  };
}
