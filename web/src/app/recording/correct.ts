/** What a person says a turn expresses, kept beside the prediction. */

import { button, el, paint } from "../../dom";
import type { Session } from "../../session";
import { wordsOfError } from "../api/problem";
import type { Correction } from "../api/types";
import { type App, mayWrite } from "../app";
import { moment } from "../format";
import { W } from "../words";

/** The corrections of a recording, for the turn that is selected. */
export function makeCorrections(
  app: App,
  recording: string,
  session: Session,
  known: readonly Correction[],
): HTMLElement {
  const { store, content } = session;
  const { labels, utterances } = content.result;
  const corrections = new Map(known.map((each) => [each.utterance_id, each]));
  const says = el("p", { class: "person-says" });
  const choice = el(
    "select",
    { attributes: { name: "emotion" } },
    ...labels.map((label) => el("option", { text: label, attributes: { value: label } })),
  );
  const note = el("input", { attributes: { type: "text", name: "note", maxlength: "500", autocomplete: "off" } });
  const save = el("button", { class: "primary", text: W.correct.save, attributes: { type: "submit" } });
  const remove = button(W.correct.remove, () => void act(uncorrect));
  const status = el("p", { class: "note", attributes: { role: "status" } });
  const form = el(
    "form",
    {
      on: {
        submit: (event) => {
          event.preventDefault();
          void act(correct);
        },
      },
    },
    el("label", {}, W.correct.emotion, choice),
    el("label", { class: "wide" }, W.correct.note, note),
    el("div", { class: "buttons" }, save, remove),
  );
  const element = el(
    "div",
    { class: "correct", attributes: { role: "group", "aria-labelledby": "correct-heading" } },
    el("h3", { text: W.correct.heading, attributes: { id: "correct-heading" } }),
    says,
    mayWrite(app) ? form : null,
    status,
  );

  function tell(): void {
    store.set({ corrections: new Map([...corrections].map(([id, { emotion }]) => [id, emotion])) });
  }

  function show(): void {
    const turn = utterances[store.now.selected];
    const one = turn === undefined ? undefined : corrections.get(turn.id);
    choice.value =
      one?.emotion ?? (turn !== undefined && labels.includes(turn.emotion) ? turn.emotion : (labels[0] ?? ""));
    note.value = one?.note ?? "";
    remove.disabled = one === undefined;
    save.disabled = turn === undefined;
    element.classList.toggle("corrected", one !== undefined);
    says.replaceChildren(
      ...(one === undefined
        ? [W.correct.nobody]
        : [
            paint(el("span", { class: "swatch", attributes: { "aria-hidden": "true" } }), {
              "--colour": content.colours[one.emotion] ?? "#888888",
            }),
            el("strong", { text: ` ${W.correct.person(one.emotion)}` }),
            el("span", { text: W.correct.by(one.author, moment(one.created), one.predicted), dir: "auto" }),
          ]),
    );
  }

  async function act(what: (id: string) => Promise<string>): Promise<void> {
    const turn = utterances[store.now.selected];
    if (turn === undefined) return;
    save.disabled = remove.disabled = true;
    try {
      status.textContent = await what(turn.id);
      tell();
    } catch (error) {
      status.textContent = wordsOfError(error);
    }
    show();
  }

  async function correct(id: string): Promise<string> {
    corrections.set(id, await app.api.correct(recording, id, choice.value, note.value.trim() || null));
    return W.correct.saved;
  }

  async function uncorrect(id: string): Promise<string> {
    await app.api.uncorrect(recording, id);
    corrections.delete(id);
    // The button goes out of reach; the focus must not fall to the top of the page.
    choice.focus({ preventScroll: true });
    return W.correct.removed;
  }

  store.on(["selected"], () => {
    status.textContent = "";
    show();
  });
  show();
  // The transcript and the timeline are made after this.
  queueMicrotask(tell);
  return element;
}
