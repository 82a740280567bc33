/** What somebody types, says into the microphone or shows to the camera, as turns. */

import type { Modality } from "../../content";
import { el } from "../../dom";
import { W } from "../words";
import { makeSight } from "./sight";
import type { Said, Sound } from "./types";
import { makeVoice } from "./voice";

export interface Composer {
  element: HTMLElement;
  focus(): void;
  /** It is over, and why: nothing more can be said. */
  close(words: string): void;
}

/** `modalities`: what the service will look at; nothing else is asked for. */
export function makeComposer(
  modalities: readonly Modality[],
  say: (said: Said) => void,
  signal: AbortSignal,
): Composer {
  const began = performance.now();
  const clock = (): number => (performance.now() - began) / 1000;
  const status = el("p", { class: "note", attributes: { role: "status" } });
  const speaker = el("input", {
    attributes: { type: "text", required: "", maxlength: "80", name: "speaker", autocomplete: "off" },
  });
  speaker.value = W.live.speakerName;
  const text = el("input", {
    attributes: { type: "text", name: "text", maxlength: "2000", autocomplete: "off" },
    on: { input: () => begin() },
  });
  const sight = makeSight(status, signal);
  /** When the turn began that is being typed or spoken. */
  let start: number | null = null;

  function begin(): void {
    start ??= clock();
    sight.begin();
  }

  function finish(audio: Sound | null, seconds?: number): void {
    const end = clock();
    const words = text.value.trim();
    text.value = "";
    say({
      speaker: speaker.value.trim() || W.live.speakerName,
      text: words === "" ? null : words,
      start: seconds === undefined ? (start ?? end) : Math.max(0, end - seconds),
      end,
      audio,
      faces: sight.middle(),
    });
    start = null;
  }

  const voice = makeVoice(
    {
      begun: begin,
      said: finish,
      dropped() {
        start = null;
        sight.forget();
      },
    },
    status,
    signal,
  );
  const form = el(
    "form",
    {
      class: "typed",
      on: {
        submit: (event) => {
          event.preventDefault();
          if (text.value.trim() !== "") finish(null);
        },
      },
    },
    el("label", { class: "who" }, W.live.speaker, speaker),
    el("label", { class: "what" }, W.live.text, text),
    el("button", { class: "primary", text: W.live.send, attributes: { type: "submit" } }),
  );
  const devices = [modalities.includes("audio") ? voice : null, modalities.includes("visual") ? sight.element : null];
  const element = el(
    "section",
    { class: "composer", attributes: { "aria-label": W.live.composer } },
    form,
    el("div", { class: "devices" }, ...devices),
    status,
  );
  return {
    element,
    focus: () => text.focus({ preventScroll: true }),
    close: (words) =>
      element.replaceChildren(el("p", { class: "notice", text: words, attributes: { role: "status" } })),
  };
}
