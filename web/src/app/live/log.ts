/** The turns of a live conversation as they are answered. */

import { MODALITIES } from "../../content";
import { el, paint } from "../../dom";
import { percent } from "../../format";
import { S } from "../../strings";
import { inWords } from "../api/problem";
import type { Problem } from "../api/types";
import { emotion, stackedBar } from "../figures";
import { W } from "../words";
import type { Prediction, Said } from "./types";

export interface Log {
  element: HTMLElement;
  /** Show what was said; its answer is still to come. */
  say(id: number, said: Said): void;
  answer(prediction: Prediction): void;
  refuse(id: number, problem: Problem): void;
}

export function makeLog(colours: Record<string, string>): Log {
  const list = el("ol", { attributes: { role: "list" } });
  const element = el(
    "div",
    // In reach of the keyboard, as it may have to be scrolled.
    { class: "log", attributes: { role: "log", "aria-label": W.live.log, "aria-live": "polite", tabindex: "0" } },
    list,
  );
  const readings = new Map<number, HTMLElement>();
  return {
    element,
    say(id, said) {
      const reading = el("div", { class: "reading" }, el("span", { class: "note", text: W.live.waiting }));
      readings.set(id, reading);
      list.append(
        el(
          "li",
          {},
          el("bdi", { class: "speaker", text: said.speaker }),
          el("p", { class: said.text === null ? "text absent" : "text", text: wordsOf(said), dir: "auto" }),
          reading,
        ),
      );
      element.scrollTop = element.scrollHeight;
    },
    answer(prediction) {
      readings.get(prediction.id)?.replaceChildren(...parts(prediction, colours));
      element.scrollTop = element.scrollHeight;
    },
    refuse(id, problem) {
      readings.get(id)?.replaceChildren(el("p", { class: "trouble", text: inWords(problem), dir: "auto" }));
    },
  };
}

function wordsOf(said: Said): string {
  const given = [
    said.audio !== null ? W.live.spoken(said.end - said.start) : "",
    said.faces.length > 0 ? W.live.seen : "",
  ];
  const extras = given.filter(Boolean).join(", ");
  return said.text === null ? `(${extras})` : extras === "" ? said.text : `${said.text} (${extras})`;
}

function parts(prediction: Prediction, colours: Record<string, string>): HTMLElement[] {
  const { emotion: label, confidence, abstained, probabilities, shares, modalities } = prediction;
  const given = MODALITIES.flatMap((modality) => {
    const use = modalities[modality];
    if (use === undefined) return [];
    const words = use.present ? percent(shares[modality] ?? 0) : S.detail.absent;
    const mini = paint(
      el("span", { class: use.present ? "mini" : "mini absent", attributes: { "aria-hidden": "true" } }),
      {
        "--share": String(use.present ? (shares[modality] ?? 0) : 0),
      },
    );
    return [
      el("span", { class: "given", title: use.note ?? "" }, mini, `${S.modality[modality] ?? modality} ${words}`),
    ];
  });
  return [
    el("p", { class: "result" }, emotion(label, colours[label], S.reading(label, confidence, abstained), abstained)),
    stackedBar(probabilities, colours),
    el("p", { class: "shares note" }, ...given),
  ];
}
