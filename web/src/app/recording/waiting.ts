/** A recording whose analysis is not over yet, or came to nothing. */

import { el, section } from "../../dom";
import { inWords, wordsOfError } from "../api/problem";
import type { Recording } from "../api/types";
import { progressBar } from "../figures";
import { moment } from "../format";
import { factsOf } from "../recordings/item";
import { W } from "../words";

export interface Waiting {
  element: HTMLElement;
  show(recording: Recording): void;
  trouble(error: unknown): void;
}

export function waiting(recording: Recording): Waiting {
  const bar = progressBar(W.state.progress(recording.name));
  // Said now and then, not at every percent.
  const spoken = el("p", { class: "step", attributes: { role: "status" } });
  const share = el("p", { class: "note", attributes: { "aria-hidden": "true" } });
  const element = el(
    "div",
    { class: "waiting" },
    heading(recording),
    spoken,
    bar,
    share,
    el("p", { class: "note", text: W.state.stay }),
  );
  function show(now: Recording): void {
    bar.value = now.state === "QUEUED" ? 0 : now.progress.share;
    const words = W.state.doing(now.state, now.progress.step);
    if (spoken.textContent !== words) spoken.textContent = words;
    share.textContent = now.state === "QUEUED" ? "" : W.state.share(now.progress.share);
  }
  show(recording);
  return { element, show, trouble: (error) => (share.textContent = wordsOfError(error)) };
}

/** What went wrong, in words, and what can be done. */
export function showFailed(root: HTMLElement, tools: HTMLElement, recording: Recording): void {
  const { error } = recording;
  const facts: [string, string][] = [
    [W.failed.file, factsOf(recording).join(" · ")],
    [W.failed.attempts, String(recording.attempts)],
    [W.failed.when, recording.finished === null ? "" : moment(recording.finished)],
    [W.failed.model, recording.model],
  ];
  root.replaceChildren(
    tools,
    heading(recording),
    section(
      "failed",
      W.failed.heading,
      el("p", { class: "trouble", text: error === null ? W.state.failed : inWords(error), dir: "auto" }),
      el("p", { text: W.failed.next }),
      el(
        "dl",
        {},
        ...facts
          .filter(([, value]) => value !== "")
          .flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value, dir: "auto" })]),
      ),
    ),
  );
}

function heading(recording: Recording): HTMLElement {
  return el("h1", { text: recording.name, dir: "auto" });
}
