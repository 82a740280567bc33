/** Deleting a recording: asked once more, and shown what is gone. */

import { button, el } from "../../dom";
import type { Receipt, Recording } from "../api/types";
import type { App } from "../app";
import { bytes, moment } from "../format";
import { NO_FILTER } from "../route";
import { trouble } from "../trouble";
import { W } from "../words";

export function confirmRemoval(app: App, recording: Recording, signal: AbortSignal): void {
  const heading = el("h2", {
    attributes: { id: "remove-heading", tabindex: "-1" },
    text: W.remove.heading(recording.name),
    dir: "auto",
  });
  const body = el("div", {}, el("p", { text: W.remove.what }), el("p", {}, el("strong", { text: W.remove.forever })));
  const cancel = button(W.remove.cancel, () => dialog.close());
  const go = button(W.remove.go, () => void remove(), { class: "danger" });
  const dialog = el(
    "dialog",
    { class: "dialog", attributes: { "aria-labelledby": "remove-heading" } },
    heading,
    body,
    el("div", { class: "buttons" }, cancel, go),
  );
  let removed = false;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (removed && !signal.aborted) app.go({ screen: "recordings", listing: NO_FILTER });
  });
  signal.addEventListener("abort", () => dialog.remove());

  async function remove(): Promise<void> {
    go.disabled = cancel.disabled = true;
    try {
      const receipt = await app.api.remove(recording.id);
      removed = true;
      heading.textContent = W.remove.done(recording.name);
      body.replaceChildren(...receiptParts(receipt));
      go.remove();
      cancel.textContent = W.remove.close;
      heading.focus();
    } catch (error) {
      body.append(trouble(error));
      go.disabled = false;
    }
    cancel.disabled = false;
  }

  document.body.append(dialog);
  dialog.showModal();
  cancel.focus();
}

function receiptParts(receipt: Receipt): HTMLElement[] {
  const { removed, remaining } = receipt;
  const left = remaining.files + remaining.rows;
  const facts: [string, string][] = [
    [W.remove.id, receipt.id],
    [W.remove.when, moment(receipt.deleted)],
    [W.remove.files, `${removed.files.length} (${bytes(removed.bytes)})`],
    [W.remove.rows, String(removed.rows)],
    [W.remove.remaining, W.remove.left(remaining.files, remaining.rows)],
  ];
  return [
    el("p", {
      class: left === 0 ? "notice" : "trouble",
      text: left === 0 ? W.remove.nothingLeft : W.remove.somethingLeft,
    }),
    el("dl", {}, ...facts.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })])),
    el(
      "details",
      {},
      el("summary", { text: W.remove.which }),
      el("ul", {}, ...removed.files.map((file) => el("li", { text: file, dir: "auto" }))),
    ),
  ];
}
