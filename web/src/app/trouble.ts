/** Showing what went wrong. */

import { el } from "../dom";
import { wordsOfError } from "./api/problem";

/** What went wrong, said at once to those who hear the page. */
export function trouble(error: unknown): HTMLElement {
  return el("p", { class: "trouble", text: wordsOfError(error), dir: "auto", attributes: { role: "alert" } });
}
