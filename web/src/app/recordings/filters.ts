/** What the list of recordings is narrowed to. */

import { button, el } from "../../dom";
import type { Listing } from "../api/client";
import { NO_FILTER } from "../route";
import { W } from "../words";

/** Milliseconds without a key before what was typed is asked for. */
const REST = 300;

export function makeFilters(
  listing: Listing,
  labels: readonly string[],
  changed: (listing: Listing) => void,
): HTMLElement {
  let now = listing;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const change = (part: Partial<Listing>, wait: number): void => {
    now = { ...now, ...part };
    clear.disabled = isOpen(now);
    clearTimeout(timer);
    timer = setTimeout(() => changed(now), wait);
  };
  const typed = (name: "name" | "speaker"): HTMLInputElement => {
    const field = el("input", {
      attributes: { type: "search", autocomplete: "off" },
      on: { input: () => change({ [name]: field.value.trim() }, REST) },
    });
    field.value = listing[name];
    return field;
  };
  const chosen = (name: "state" | "emotion", options: [string, string][]): HTMLSelectElement => {
    const field = el(
      "select",
      { on: { change: () => change({ [name]: field.value }, 0) } },
      ...options.map(([value, words]) => el("option", { text: words, attributes: { value } })),
    );
    field.value = listing[name];
    return field;
  };
  const name = typed("name");
  const speaker = typed("speaker");
  const state = chosen("state", [["", W.filter.any], ...Object.entries(W.state.names)]);
  const emotion = chosen("emotion", [["", W.filter.any], ...labels.map((label): [string, string] => [label, label])]);
  const clear = button(W.filter.clear, () => {
    name.value = speaker.value = state.value = emotion.value = "";
    change(NO_FILTER, 0);
    name.focus();
  });
  clear.disabled = isOpen(listing);
  return el(
    "div",
    { class: "filters", attributes: { role: "search", "aria-label": W.filter.label } },
    el("label", {}, W.filter.name, name),
    el("label", {}, W.filter.speaker, speaker),
    el("label", {}, W.filter.state, state),
    el("label", {}, W.filter.emotion, emotion),
    clear,
  );
}

export function isOpen(listing: Listing): boolean {
  return Object.values(listing).every((value) => value === "");
}
