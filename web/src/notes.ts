/** Warnings, how the result was made, and how to read the page. */

import { el, section } from "./dom";
import { length } from "./format";
import type { Session } from "./session";
import { S } from "./strings";

/** Warnings stand near the top: they bear on everything below. */
export function makeWarnings(session: Session): HTMLElement | null {
  const warnings = session.content.result.warnings ?? [];
  if (warnings.length === 0) return null;
  const list = el("ul", {}, ...warnings.map((warning) => el("li", { text: warning, dir: "auto" })));
  const details = el("details", {}, el("summary", { text: `${S.notes.warnings} (${warnings.length})` }), list);
  details.open = warnings.length <= 4;
  return el("aside", { class: "warnings", attributes: { "aria-label": S.notes.warnings } }, details);
}

export function makeNotes(session: Session): HTMLElement {
  const { result } = session.content;
  const { media, model } = result;
  const recording = [
    media.name,
    media.duration === null ? "" : length(media.duration),
    media.width && media.height ? `${media.width} × ${media.height}` : "",
    media.frame_rate ? `${Number(media.frame_rate.toFixed(2))} fps` : "",
    media.sample_rate ? `${media.sample_rate} Hz` : "",
    media.transcript ?? "",
    `sha256 ${media.sha256.slice(0, 16)}…`,
  ];
  const network = [
    `${model.name} (crossgate ${model.version})`,
    model.causal ? S.notes.causal : S.notes.whole,
    S.notes.threshold(model.confidence_threshold),
    S.notes.temperature(model.temperature),
    `sha256 ${model.sha256.slice(0, 16)}…`,
  ];
  const facts: [string, string][] = [
    [S.notes.media, recording.filter(Boolean).join(" · ")],
    [S.notes.model, network.join(" · ")],
    ...Object.entries(model.features ?? {}),
    ...flat(result.settings ?? {}),
  ];
  return section(
    "notes",
    S.notes.heading,
    block(S.notes.reading, el("ul", {}, ...S.readingLines.map((line) => el("li", { text: line })))),
    block(S.notes.method, el("ul", {}, ...S.methodLines.map((line) => el("li", { text: line })))),
    block(
      S.notes.settings,
      el(
        "dl",
        {},
        ...facts.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value, dir: "auto" })]),
      ),
    ),
  );
}

function block(heading: string, ...content: Node[]): HTMLElement {
  return el("div", { class: "block" }, el("h3", { text: heading }), ...content);
}

/** Settings inside settings as `faces, rate`. */
export function flat(settings: Record<string, unknown>, above = ""): [string, string][] {
  return Object.entries(settings).flatMap(([name, value]): [string, string][] => {
    const path = above === "" ? name : `${above}, ${name}`;
    if (value !== null && typeof value === "object" && !Array.isArray(value))
      return flat(value as Record<string, unknown>, path);
    return [[path, Array.isArray(value) ? value.map(String).join(", ") : String(value)]];
  });
}
