/** Small pictures that several screens draw. */

import { el, paint } from "../dom";
import { percent } from "../format";

/** Where neither the service nor a result says what colour an emotion has. */
const PLAIN = ["#56B4E9", "#E69F00", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#D0D0D0"];

/** A colour for every label: those that are known, and for the others one of a few. */
export function coloursFor(labels: readonly string[], known: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(labels.map((label, at) => [label, known[label] ?? PLAIN[at % PLAIN.length] ?? "#888888"]));
}

export function swatch(colour: string | undefined, hatched = false): HTMLElement {
  const element = el("span", { class: hatched ? "swatch hatched" : "swatch", attributes: { "aria-hidden": "true" } });
  return paint(element, { "--colour": colour ?? "#888888" });
}

/** An emotion with its colour. */
export function emotion(label: string, colour: string | undefined, words = label, hatched = false): HTMLElement {
  return el("span", { class: "emotion" }, swatch(colour, hatched), words);
}

/** Shares in one bar, in the order of the labels; the words are what people who hear the page get. */
export function stackedBar(shares: Record<string, number>, colours: Record<string, string>): HTMLElement {
  const there = Object.entries(shares).filter(([, share]) => share > 0);
  const words = there.map(([label, share]) => `${label} ${percent(share)}`).join(", ");
  return el(
    "div",
    { class: "stacked-bar", attributes: { role: "img", "aria-label": words } },
    ...there.map(([label, share]) =>
      paint(el("span", { title: `${label} ${percent(share)}` }), {
        "--share": String(share),
        "--colour": colours[label] ?? "#888888",
      }),
    ),
  );
}

/** The largest shares with their colours, at most `most` of them. */
export function largest(shares: Record<string, number>, colours: Record<string, string>, most: number): HTMLElement {
  const there = Object.entries(shares)
    .filter(([, share]) => share >= 0.005)
    .sort(([, a], [, b]) => b - a)
    .slice(0, most);
  return el(
    "span",
    { class: "largest" },
    ...there.map(([label, share]) => emotion(label, colours[label], `${label} ${percent(share)}`)),
  );
}

/** How far something is, 0 to 1; null where nobody knows. */
export function progressBar(label: string): HTMLProgressElement {
  return el("progress", { attributes: { max: "1", "aria-label": label } });
}
