/** The timeline with its buttons and legend. */

import { button, el, paint, section } from "../dom";
import type { Session } from "../session";
import type { State } from "../store";
import { S } from "../strings";
import { showAll, zoomIn, zoomOut } from "./input";
import { makeOverview } from "./overview";
import { makeTimeline } from "./timeline";

export interface TimelinePanel {
  element: HTMLElement;
  print(printing: boolean): void;
  redraw(): void;
}

export function makeTimelinePanel(session: Session): TimelinePanel {
  const timeline = makeTimeline(session);
  const overview = makeOverview(session);
  const zoom = el(
    "div",
    { class: "buttons", attributes: { role: "group", "aria-label": S.timeline.heading } },
    button("−", () => zoomOut(session), {
      attributes: { "aria-label": S.timeline.zoomOut },
      title: S.timeline.zoomOut,
    }),
    button("+", () => zoomIn(session), { attributes: { "aria-label": S.timeline.zoomIn }, title: S.timeline.zoomIn }),
    button(S.timeline.all, () => showAll(session)),
  );
  const element = section(
    "timeline",
    session.timed ? S.timeline.heading : S.timeline.byTurn,
    el("div", { class: "toolbar" }, drawing(session), zoom),
    legend(session),
    timeline.element,
    overview.element,
    el("p", {
      class: "help",
      text: session.playable ? S.timeline.help : S.timeline.helpSilent,
      attributes: { id: "timeline-help" },
    }),
  );
  return {
    element,
    print: timeline.print,
    redraw() {
      timeline.redraw();
      overview.redraw();
    },
  };
}

function legend(session: Session): HTMLElement {
  const { store, content, marks } = session;
  const group = el("div", { class: "legend", attributes: { role: "group", "aria-label": S.timeline.legend } });
  for (const label of content.result.labels) {
    const chip = button(
      "",
      () => {
        const hidden = new Set(store.now.hidden);
        if (!hidden.delete(label)) hidden.add(label);
        store.set({ hidden });
        chip.setAttribute("aria-pressed", String(!hidden.has(label)));
      },
      { class: "chip", attributes: { "aria-pressed": "true" } },
    );
    const swatch = paint(el("span", { class: "swatch", attributes: { "aria-hidden": "true" } }), {
      "--colour": content.colours[label] ?? "#888888",
    });
    chip.append(swatch, el("abbr", { text: marks[label] ?? "", attributes: { "aria-hidden": "true" } }), label);
    group.append(chip);
  }
  group.append(
    el(
      "span",
      { class: "key" },
      el("span", { class: "swatch hatched", attributes: { "aria-hidden": "true" } }),
      S.timeline.abstained,
    ),
    el(
      "span",
      { class: "key" },
      el("span", { class: "swatch dotted", attributes: { "aria-hidden": "true" } }),
      S.timeline.absent,
    ),
  );
  return group;
}

function drawing(session: Session): HTMLElement {
  const { store } = session;
  const group = el("div", { class: "buttons", attributes: { role: "group", "aria-label": S.timeline.drawing } });
  const choices: [State["drawing"], string][] = [
    ["areas", S.timeline.areas],
    ["curves", S.timeline.curves],
  ];
  const buttons = choices.map(([drawing, words]) =>
    button(words, () => store.set({ drawing }), {
      attributes: { "aria-pressed": String(store.now.drawing === drawing) },
    }),
  );
  store.on(["drawing"], () => {
    buttons.forEach((each, at) => each.setAttribute("aria-pressed", String(store.now.drawing === choices[at]?.[0])));
  });
  group.append(...buttons);
  return group;
}
