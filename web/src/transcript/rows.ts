/** A turn as a row of the transcript. */

import { MODALITIES, type ModalityUse, type Turn } from "../content";
import { el, paint } from "../dom";
import { clock, percent } from "../format";
import { type Session, wordsOf } from "../session";
import { S } from "../strings";

export interface Row {
  element: HTMLLIElement;
  button: HTMLButtonElement;
  /** Mark the words that were searched for. */
  mark(words: string): void;
  /** Say beside the prediction what a person says instead; undefined where nobody does. */
  correct(emotion: string | undefined): void;
}

export function makeRow(session: Session, turn: Turn, index: number): Row {
  const span = session.spans[index];
  const when = session.timed && span !== undefined ? clock(span.start) : String(index + 1);
  const words = session.playable ? S.transcript.play(index + 1) : S.transcript.show(index + 1);
  const button = el("button", {
    class: "when",
    text: when,
    // The visible words first, so that people who speak to their computer can name the button.
    attributes: { type: "button", tabindex: "-1", "aria-label": `${when}. ${words}. ${wordsOf(session, index)}` },
  });
  const text = el("p", {
    dir: "auto",
    class: turn.text === null ? "text absent" : "text",
    text: turn.text ?? S.noText,
  });
  const person = el("span", { class: "person" });
  person.hidden = true;
  const element = el(
    "li",
    { class: turn.abstained ? "turn abstained" : "turn", attributes: { "data-turn": String(index) } },
    button,
    el("div", { class: "said" }, el("bdi", { class: "speaker", text: turn.speaker }), text),
    el(
      "div",
      { class: "reading" },
      el(
        "span",
        { class: "emotion" },
        el("span", { class: turn.abstained ? "swatch hatched" : "swatch", attributes: { "aria-hidden": "true" } }),
        turn.emotion === S.notMeasured ? turn.emotion : `${turn.emotion} ${percent(turn.confidence)}`,
      ),
      turn.abstained && el("span", { class: "abstains", text: S.transcript.abstains }),
      person,
      shares(turn),
    ),
  );
  paint(element, { "--colour": session.content.colours[turn.emotion] ?? "#888888" });
  return {
    element,
    button,
    mark(sought) {
      if (turn.text !== null) text.replaceChildren(...marked(turn.text, sought));
    },
    correct(emotion) {
      person.hidden = emotion === undefined;
      person.textContent = emotion === undefined ? "" : S.person(emotion);
      button.setAttribute("aria-label", `${when}. ${words}. ${wordsOf(session, index)}`);
    },
  };
}

/** Three small bars, text, audio, visual; the words are in the tooltip and for those who hear the page. */
function shares(turn: Turn): HTMLElement {
  const words = MODALITIES.filter((modality) => turn.modalities[modality] !== undefined)
    .map((modality) => {
      const use = turn.modalities[modality];
      const given = use.present ? percent(use.share) : S.detail.absent;
      return `${S.modality[modality] ?? modality} ${given}${use.note ? ` (${use.note})` : ""}`;
    })
    .join(", ");
  const bars = MODALITIES.map((modality) => {
    const use = turn.modalities[modality] as ModalityUse | undefined;
    return paint(el("span", { class: use?.present === true ? "mini" : "mini absent" }), {
      "--share": String(use?.present === true ? use.share : 0),
    });
  });
  return el("span", { class: "minis", title: words, attributes: { role: "img", "aria-label": words } }, ...bars);
}

/** The text in pieces, what was searched for in `<mark>`. */
export function marked(text: string, sought: string): Node[] {
  const needle = sought.trim().toLowerCase();
  const hay = text.toLowerCase();
  // Lower case can change the length ("İ"); then positions would not fit, and nothing is marked.
  if (needle === "" || hay.length !== text.length) return [document.createTextNode(text)];
  const pieces: Node[] = [];
  let from = 0;
  for (let at = hay.indexOf(needle); at >= 0; at = hay.indexOf(needle, from)) {
    pieces.push(
      document.createTextNode(text.slice(from, at)),
      el("mark", { text: text.slice(at, at + needle.length) }),
    );
    from = at + needle.length;
  }
  return [...pieces, document.createTextNode(text.slice(from))];
}
