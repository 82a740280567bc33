/** The microphone of a live conversation: off, a button that is held, or the loudness tells. */

import { button, el, paint } from "../../dom";
import { wordsOfError } from "../api/problem";
import { W } from "../words";
import { Speaking } from "./devices/speaking";
import type { Sound } from "./types";

type Way = "off" | "held" | "loudness";
const WAYS: readonly Way[] = ["off", "held", "loudness"];

export interface Heard {
  begun(): void;
  said(sound: Sound, seconds: number): void;
  dropped(): void;
}

/** `status`: where it is said what the microphone does. */
export function makeVoice(heard: Heard, status: HTMLElement, signal: AbortSignal): HTMLElement {
  const level = el("span", { class: "level", attributes: { "aria-hidden": "true" } }, el("span"));
  const speaking = new Speaking({
    begun() {
      status.textContent = W.live.hearing;
      heard.begun();
    },
    said(sound, seconds) {
      status.textContent = "";
      heard.said(sound, seconds);
    },
    dropped() {
      status.textContent = W.live.tooShort;
      heard.dropped();
    },
    level: (loud) => void paint(level, { "--share": String(Math.min(1, loud * 6)) }),
  });
  const hold = holdButton(speaking);
  const ways = el("fieldset", {}, el("legend", { text: W.live.microphone }));
  const radios = WAYS.map((way) => {
    const radio = el("input", {
      attributes: { type: "radio", name: "microphone" },
      on: { change: () => void choose(way) },
    });
    ways.append(el("label", {}, radio, W.live.ways[way]));
    return radio;
  });

  function show(way: Way): void {
    radios.forEach((radio, at) => (radio.checked = WAYS[at] === way));
    hold.hidden = way !== "held";
    level.hidden = way === "off";
  }

  async function choose(way: Way): Promise<void> {
    try {
      if (way === "off") speaking.close();
      else await speaking.open();
      speaking.byLoudness(way === "loudness");
      show(way);
      status.textContent = W.live.listening[way];
    } catch (error) {
      show("off");
      status.textContent = wordsOfError(error);
    }
    if (signal.aborted) speaking.close();
  }

  show("off");
  signal.addEventListener("abort", () => speaking.close());
  return el("div", { class: "voice" }, ways, level, hold);
}

/** Held with a finger, the mouse, Space or Enter. */
function holdButton(speaking: Speaking): HTMLButtonElement {
  const hold = button(W.live.hold, () => undefined, { class: "primary hold" });
  hold.addEventListener("pointerdown", (event) => {
    hold.setPointerCapture(event.pointerId);
    speaking.press();
  });
  for (const name of ["pointerup", "pointercancel", "blur", "keyup"]) {
    hold.addEventListener(name, () => speaking.release());
  }
  hold.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) speaking.press();
  });
  return hold;
}
