/** What can be done with a recording: back, compare, download, delete. */

import { button, el } from "../../dom";
import { isTimed, type Result } from "../../content";
import { pathOf } from "../api/client";
import { download } from "../api/download";
import { wordsOfError } from "../api/problem";
import { EXPORTS, type Recording, TIMED_EXPORTS } from "../api/types";
import { type App, mayDelete } from "../app";
import { hashOf, NO_FILTER } from "../route";
import { W } from "../words";
import { confirmRemoval } from "./remove";

/** `result`: where there is one, it can be downloaded and compared. */
export function makeTools(app: App, recording: Recording, signal: AbortSignal, result?: Result): HTMLElement {
  const back = el("a", { text: W.back, attributes: { href: hashOf({ screen: "recordings", listing: NO_FILTER }) } });
  const compare = el("a", {
    text: W.compareThis,
    attributes: { href: hashOf({ screen: "compare", one: recording.id, other: null }) },
  });
  const remove = button(W.remove.button, () => confirmRemoval(app, recording, signal), { class: "danger" });
  return el(
    "div",
    { class: "tools screen-only" },
    back,
    result === undefined ? null : compare,
    result === undefined ? null : exports(app, recording, result, signal),
    mayDelete(app) ? remove : null,
  );
}

function exports(app: App, recording: Recording, result: Result, signal: AbortSignal): HTMLElement {
  const status = el("p", { class: "note", attributes: { role: "status" } });
  const timed = isTimed(result);
  const formats = EXPORTS.map((format) => {
    const one = button(format, () => void get(one, format));
    one.disabled = !timed && TIMED_EXPORTS.includes(format);
    one.append(el("span", { class: "note", text: W.exports.formats[format] ?? "" }));
    return el("li", {}, one);
  });
  async function get(one: HTMLButtonElement, format: string): Promise<void> {
    one.disabled = true;
    status.textContent = W.exports.making(format);
    try {
      status.textContent = W.downloaded(await download(app.api, `${pathOf(recording.id)}/exports/${format}`, format));
    } catch (error) {
      status.textContent = wordsOfError(error);
    }
    one.disabled = false;
    one.focus();
  }
  const summary = el("summary", { text: W.exports.button });
  const menu = el(
    "details",
    { class: "exports" },
    summary,
    el(
      "div",
      { class: "menu" },
      el("ul", { attributes: { role: "list", "aria-label": W.exports.label } }, ...formats),
      timed ? null : el("p", { class: "note", text: W.exports.untimed }),
      status,
    ),
  );
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    summary.focus();
  });
  document.addEventListener(
    "click",
    (event) => {
      if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
    },
    { signal },
  );
  return menu;
}
