/** Lists of turns: turning points, moments, shifts, last turns. Each can be gone to with a click. */

import { el, paint } from "../dom";
import { clock, percent } from "../format";
import type { Session } from "../session";
import { S } from "../strings";
import type { LastState, Moment, Quote, Shift, TurningPoint } from "./shape";

export function turningPoints(session: Session, points: readonly TurningPoint[]): HTMLElement {
  if (points.length === 0) return el("p", { class: "none", text: S.summary.noTurningPoints });
  return el(
    "ol",
    { class: "quotes", attributes: { role: "list" } },
    ...points.map((point) =>
      item(session, point.turn, [
        el("strong", { text: point.in_words }),
        el("span", {
          class: "note",
          text: S.summary.turningPoint(point.turns_before, point.turns_after, point.p_value),
        }),
      ]),
    ),
  );
}

export function moments(session: Session, found: readonly Moment[]): HTMLElement {
  if (found.length === 0) return el("p", { class: "none", text: S.summary.noMoments });
  return el(
    "ol",
    { class: "quotes", attributes: { role: "list" } },
    ...found.map((moment) =>
      item(
        session,
        moment.turn,
        moment.reasons.map((reason) =>
          el("span", { class: "reason" }, el("strong", { text: reason.kind }), ` ${reason.in_words}`),
        ),
      ),
    ),
  );
}

export function shifts(session: Session, found: readonly Shift[]): HTMLElement {
  return el(
    "ol",
    { class: "quotes", attributes: { role: "list" } },
    ...found.map((shift) =>
      item(session, shift.after, [
        el("strong", { text: `${shift.was} → ${shift.becomes}` }),
        shift.follows ? el("span", { class: "note", text: S.summary.after(shift.follows), dir: "auto" }) : null,
      ]),
    ),
  );
}

export function lastStates(session: Session, found: readonly LastState[]): HTMLElement {
  return el(
    "ol",
    { class: "quotes", attributes: { role: "list" } },
    ...found.map((state) =>
      item(session, state.turn, [
        el("strong", { text: S.reading(state.turn.emotion, state.turn.confidence, state.abstained === true) }),
      ]),
    ),
  );
}

function item(session: Session, quote: Quote, why: (HTMLElement | null)[]): HTMLElement {
  const index = session.content.result.utterances.findIndex((turn) => turn.id === quote.id);
  const when = quote.start === null ? `${S.timeline.turnNumber} ${index + 1}` : clock(quote.start);
  const jump = el("button", {
    class: "when",
    text: when,
    attributes: { type: "button", "aria-label": `${when}. ${S.summary.goTo(quote.speaker)}` },
    on: { click: () => goTo(session, index) },
  });
  jump.disabled = index < 0;
  const reading = el(
    "span",
    { class: "emotion" },
    el("span", { class: "swatch", attributes: { "aria-hidden": "true" } }),
    `${quote.emotion} ${percent(quote.confidence)}`,
  );
  return paint(
    el(
      "li",
      {},
      jump,
      el(
        "div",
        { class: "said" },
        el("div", {}, el("bdi", { class: "speaker", text: quote.speaker }), " ", reading),
        quote.text === null ? null : el("q", { text: quote.text, dir: "auto" }),
        el("div", { class: "why" }, ...why),
      ),
    ),
    { "--colour": session.content.colours[quote.emotion] ?? "#888888" },
  );
}

function goTo(session: Session, index: number): void {
  session.actions.playTurn(index);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  document.querySelector(".viewer .top")?.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}
