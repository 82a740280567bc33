/** Search and filters. */

import { button, el } from "../dom";
import { percent } from "../format";
import type { Session } from "../session";
import { S } from "../strings";
import { EVERYTHING, type Filter, isOpen } from "./filter";

export function makeControls(session: Session): HTMLElement {
  const { store, content } = session;
  const change = (part: Partial<Filter>): void => store.set({ filter: { ...store.now.filter, ...part } });

  const words = el("input", {
    attributes: { type: "search", autocomplete: "off" },
    on: { input: () => change({ words: words.value }) },
  });
  const speaker = choice(
    [["", S.transcript.anyone], ...content.result.speakers.map(({ name }): [string, string] => [name, name])],
    (value) => change({ speaker: value }),
  );
  const emotion = choice(
    [["", S.transcript.any], ...content.result.labels.map((label): [string, string] => [label, label])],
    (value) => change({ emotion: value }),
  );
  const abstained = choice(
    [
      ["any", S.transcript.abstainedAny],
      ["only", S.transcript.abstainedOnly],
      ["none", S.transcript.abstainedNone],
    ],
    (value) => change({ abstained: value as Filter["abstained"] }),
  );
  const shown = el("output", { text: percent(0) });
  const confidence = el("input", {
    attributes: { type: "range", min: "0", max: "100", step: "5", value: "0" },
    on: { input: () => change({ confidence: Number(confidence.value) / 100 }) },
  });
  const clear = button(S.transcript.clear, () => store.set({ filter: EVERYTHING }));

  store.on(["filter"], () => {
    const { filter } = store.now;
    if (words.value !== filter.words) words.value = filter.words;
    speaker.value = filter.speaker;
    emotion.value = filter.emotion;
    abstained.value = filter.abstained;
    confidence.value = String(Math.round(filter.confidence * 100));
    shown.textContent = percent(filter.confidence);
    clear.disabled = isOpen(filter);
  });
  clear.disabled = true;

  return el(
    "div",
    { class: "controls", attributes: { role: "search" } },
    el("label", { class: "search" }, S.transcript.search, words),
    el("label", {}, S.transcript.speaker, speaker),
    el("label", {}, S.transcript.emotion, emotion),
    el("label", {}, S.transcript.abstained, abstained),
    el("label", { class: "range" }, el("span", {}, S.transcript.confidence, " ", shown), confidence),
    clear,
  );
}

function choice(options: [string, string][], chosen: (value: string) => void): HTMLSelectElement {
  const select = el(
    "select",
    { on: { change: () => chosen(select.value) } },
    ...options.map(([value, words]) => el("option", { text: words, attributes: { value } })),
  );
  return select;
}
