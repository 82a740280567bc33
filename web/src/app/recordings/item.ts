/** A recording as an entry of the list. */

import { el } from "../../dom";
import { length } from "../../format";
import { S } from "../../strings";
import { inWords } from "../api/problem";
import type { Me, Recording } from "../api/types";
import { coloursFor, largest, progressBar, stackedBar } from "../figures";
import { bytes, moment } from "../format";
import { hashOf } from "../route";
import { W } from "../words";

export interface Item {
  element: HTMLLIElement;
  show(recording: Recording): void;
}

export function makeItem(recording: Recording, me: Me): Item {
  const element = el("li", { class: "item" });
  const bar = progressBar(W.state.progress(recording.name));
  const link = el("a", { class: "name", attributes: { href: hashOf({ screen: "recording", id: recording.id }) } });
  function show(now: Recording): void {
    link.replaceChildren(el("bdi", { text: now.name }));
    element.replaceChildren(
      el("h3", {}, link),
      el("span", { class: `state ${now.state}`, text: W.state.names[now.state] }),
      el("p", { class: "facts" }, ...factsOf(now).map((fact) => el("span", { text: fact, dir: "auto" }))),
      ...pictureOf(now, bar, me),
    );
  }
  show(recording);
  return { element, show };
}

/** What is known about a recording, in words. */
export function factsOf(recording: Recording): string[] {
  const { kind, duration, turns, speakers, corrections, policy, expires } = recording;
  return [
    kind === null ? bytes(recording.bytes) : (S.kinds[kind] ?? kind),
    duration === null ? "" : length(duration),
    turns === null ? "" : S.turns(turns),
    speakers === null || speakers.length === 0 ? "" : speakers.join(", "),
    corrections > 0 ? W.corrections(corrections) : "",
    policy === null ? "" : policy,
    moment(recording.created),
    expires === null ? "" : W.expires(expires),
  ].filter(Boolean);
}

function pictureOf(now: Recording, bar: HTMLProgressElement, me: Me): HTMLElement[] {
  if (now.state === "FAILED") {
    return [el("p", { class: "trouble", text: now.error === null ? W.state.failed : inWords(now.error), dir: "auto" })];
  }
  if (now.state === "COMPLETED") {
    const counts = now.emotions ?? {};
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    if (total === 0) return [];
    // Another model may have known other emotions.
    const labels = [...new Set([...me.labels, ...Object.keys(counts)])];
    const shares = Object.fromEntries(labels.map((label) => [label, (counts[label] ?? 0) / total]));
    const colours = coloursFor(labels, me.colours);
    return [stackedBar(shares, colours), largest(shares, colours, 4)];
  }
  bar.value = now.state === "QUEUED" ? 0 : now.progress.share;
  return [bar, el("p", { class: "note", text: W.state.step(now.state, now.progress.step, now.progress.share) })];
}
