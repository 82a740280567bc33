/** What somebody types, says into the microphone or shows to the camera, as turns. */

import type { Modality } from "../../content";
import { button, el, paint } from "../../dom";
import { wordsOfError } from "../api/problem";
import { W } from "../words";
import { Camera } from "./camera";
import { Speaking } from "./speaking";
import type { Said } from "./types";

type Way = "off" | "held" | "loudness";

export interface Composer {
  element: HTMLElement;
  focus(): void;
  /** It is over, for this reason: nothing more can be said. */
  close(words: string): void;
}

export function makeComposer(
  modalities: readonly Modality[],
  say: (said: Said) => void,
  signal: AbortSignal,
): Composer {
  const began = performance.now();
  const clock = (): number => (performance.now() - began) / 1000;
  const status = el("p", { class: "note", attributes: { role: "status" } });
  const fail = (error: unknown): void => void (status.textContent = wordsOfError(error));
  const speaker = el("input", { attributes: { type: "text", required: "", maxlength: "80", name: "speaker", autocomplete: "off" } });
  speaker.value = W.live.speakerName;
  const text = el("input", {
    attributes: { type: "text", name: "text", maxlength: "2000", autocomplete: "off" },
    on: { input: () => begin() },
  });
  let camera: Camera | null = null;
  let start: number | null = null;

  /** A turn begins: with the first key, or the first sound. */
  function begin(): void {
    start ??= clock();
    if (camera !== null && !camera.running) camera.begin();
  }

  function finish(part: Pick<Said, "text" | "audio">, seconds?: number): void {
    const end = clock();
    const from = seconds === undefined ? (start ?? end) : end - seconds;
    say({ speaker: speaker.value.trim() || W.live.speakerName, ...part, start: from, end, faces: camera?.middle() ?? [] });
    start = null;
  }

  const form = el(
    "form",
    {
      class: "typed",
      on: {
        submit: (event) => {
          event.preventDefault();
          const words = text.value.trim();
          if (words === "") return;
          finish({ text: words, audio: null });
          text.value = "";
        },
      },
    },
    el("label", { class: "who" }, W.live.speaker, speaker),
    el("label", { class: "what" }, W.live.text, text),
    el("button", { class: "primary", text: W.live.send, attributes: { type: "submit" } }),
  );
  const voice = modalities.includes("audio") ? voiceOf(begin, finish, () => camera?.forget(), status, signal) : null;
  const sight = modalities.includes("visual") ? sightOf((now) => (camera = now), status, signal) : null;
  const element = el(
    "section",
    { class: "composer", attributes: { "aria-label": W.live.composer } },
    form,
    el("div", { class: "devices" }, voice, sight),
    status,
  );

  function voiceOf(
    begun: () => void,
    done: typeof finish,
    forget: () => void,
    said: HTMLElement,
    over: AbortSignal,
  ): HTMLElement {
    const level = el("span", { class: "level", attributes: { "aria-hidden": "true" } }, el("span"));
    let open = false;
    const speaking = new Speaking({
      begun() {
        begun();
        said.textContent = W.live.hearing;
      },
      said(sound, seconds) {
        said.textContent = "";
        const words = text.value.trim();
        text.value = "";
        done({ text: words === "" ? null : words, audio: sound }, seconds);
      },
      dropped() {
        said.textContent = W.live.tooShort;
        forget();
      },
      level: (loud) => void paint(level, { "--share": String(Math.min(1, loud * 6)) }),
    });
    const hold = button(W.live.hold, () => undefined, { class: "primary hold" });
    hold.hidden = true;
    hold.addEventListener("pointerdown", (event) => {
      hold.setPointerCapture(event.pointerId);
      speaking.press();
    });
    for (const name of ["pointerup", "pointercancel", "blur"] as const) hold.addEventListener(name, () => speaking.release());
    hold.addEventListener("keydown", (event) => {
      if ((event.key !== " " && event.key !== "Enter") || event.repeat) return;
      event.preventDefault();
      speaking.press();
    });
    hold.addEventListener("keyup", () => speaking.release());
    const ways = el("fieldset", {}, el("legend", { text: W.live.microphone }));
    for (const way of ["off", "held", "loudness"] as const) {
      const radio = el("input", { attributes: { type: "radio", name: "microphone" }, on: { change: () => void choose(way) } });
      radio.checked = way === "off";
      ways.append(el("label", {}, radio, W.live.ways[way]));
    }
    async function choose(way: Way): Promise<void> {
      try {
        if (way === "off") speaking.close();
        else if (!open) await speaking.open();
        open = way !== "off";
        speaking.byLoudness(way === "loudness");
        hold.hidden = way !== "held";
        level.hidden = way === "off";
        said.textContent = W.live.listening[way];
        if (over.aborted) speaking.close();
      } catch (error) {
        fail(error);
        const off = ways.querySelector("input");
        if (off !== null) off.checked = true;
        hold.hidden = level.hidden = true;
      }
    }
    level.hidden = true;
    over.addEventListener("abort", () => speaking.close());
    return el("div", { class: "voice" }, ways, level, hold);
  }

  function sightOf(tell: (camera: Camera | null) => void, said: HTMLElement, over: AbortSignal): HTMLElement {
    const video = el("video", { attributes: { muted: "", playsinline: "", "aria-label": W.live.preview } });
    video.muted = true;
    video.hidden = true;
    let now: Camera | null = null;
    const on = el("input", { attributes: { type: "checkbox", name: "camera" }, on: { change: () => void toggle() } });
    async function toggle(): Promise<void> {
      now?.close();
      now = null;
      video.hidden = !on.checked;
      try {
        if (on.checked) now = await Camera.open(video);
        said.textContent = on.checked ? W.live.seeing : "";
      } catch (error) {
        fail(error);
        on.checked = false;
        video.hidden = true;
      }
      tell(now);
      if (over.aborted) now?.close();
    }
    over.addEventListener("abort", () => now?.close());
    return el("div", { class: "sight" }, el("label", {}, on, W.live.camera), video);
  }

  return {
    element,
    focus: () => text.focus({ preventScroll: true }),
    close: (words) => element.replaceChildren(el("p", { class: "notice", text: words, attributes: { role: "status" } })),
  };
}
