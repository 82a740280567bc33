/** Dropping or choosing recordings, and sending them. */

import { button, el, section } from "../../dom";
import { wordsOfError } from "../api/problem";
import type { Recording } from "../api/types";
import { type Parcel, upload } from "../api/upload";
import type { App } from "../app";
import { progressBar } from "../figures";
import { bytes } from "../format";
import { policyChoice } from "../policy";
import { W } from "../words";
import { type Pair, pairUp, stem } from "./files";

interface Entry extends Pair<File> {
  /** As the person wrote it; null for the file's own. */
  name: string | null;
  problem: string;
}

/** `sent` is told of every recording that the service has taken. */
export function makeDrop(app: App, sent: (recording: Recording) => void, signal: AbortSignal): HTMLElement {
  let entries: Entry[] = [];
  let sending: AbortController | null = null;
  const chooser = el("input", {
    attributes: { type: "file", multiple: "", id: "files", name: "files" },
    on: {
      change: () => {
        add([...(chooser.files ?? [])]);
        chooser.value = "";
      },
    },
  });
  const list = el("ol", { class: "parcels", attributes: { role: "list", "aria-label": W.drop.list } });
  const policy = policyChoice(app);
  const progress = progressBar(W.drop.sending);
  const status = el("p", { class: "note", attributes: { role: "status" } });
  const go = el("button", { class: "primary", text: W.drop.go, attributes: { type: "submit" } });
  const stop = button(W.drop.stop, () => sending?.abort());
  const rest = el("div", { class: "rest" }, list, policy.element, el("div", { class: "buttons" }, go, stop), progress);
  const area = el(
    "div",
    { class: "drop" },
    el("label", { class: "words", attributes: { for: "files" } }, W.drop.here),
    chooser,
    el("p", { class: "note", text: W.drop.help(limits(app)) }),
  );
  const form = el(
    "form",
    {
      on: {
        submit: (event) => {
          event.preventDefault();
          void send();
        },
      },
    },
    area,
    rest,
    status,
  );

  function add(files: File[]): void {
    const paired = pairUp(entries, files);
    entries = paired.map((pair) => {
      const known = entries.find((each) => each.recording === pair.recording && each.recording !== null);
      return { ...pair, name: known?.name ?? null, problem: "" };
    });
    draw();
  }

  function draw(): void {
    rest.hidden = entries.length === 0;
    stop.hidden = progress.hidden = sending === null;
    go.disabled = sending !== null;
    list.replaceChildren(...entries.map(row));
  }

  function row(entry: Entry): HTMLElement {
    const own = entry.recording ?? entry.transcript;
    const name = el("input", {
      attributes: { type: "text", maxlength: "200", placeholder: stem(own?.name ?? ""), autocomplete: "off" },
      on: { input: () => (entry.name = name.value) },
    });
    name.value = entry.name ?? "";
    const files = [entry.recording, entry.transcript].filter((file) => file !== null);
    return el(
      "li",
      {},
      el(
        "p",
        { class: "files" },
        ...files.map((file) => el("span", {}, el("bdi", { text: file.name }), ` ${bytes(file.size)}`)),
      ),
      el("p", {
        class: "note",
        text: entry.recording === null ? W.drop.textOnly : W.drop.kind(entry.transcript !== null),
      }),
      el("label", {}, W.drop.name, name),
      button(
        W.drop.remove,
        () => {
          entries = entries.filter((each) => each !== entry);
          draw();
          chooser.focus();
        },
        { attributes: { "aria-label": W.drop.removeFile(own?.name ?? "") } },
      ),
      entry.problem !== "" &&
        el("p", { class: "trouble", text: entry.problem, dir: "auto", attributes: { role: "alert" } }),
    );
  }

  async function send(): Promise<void> {
    const over = new AbortController();
    sending = over;
    signal.addEventListener("abort", () => over.abort(), { signal: over.signal });
    draw();
    for (const entry of [...entries]) {
      if (over.signal.aborted) break;
      entry.problem = tooLarge(app, entry);
      if (entry.problem !== "") continue;
      status.textContent = W.drop.sendingName(parcelOf(entry, "").name);
      progress.value = 0;
      try {
        const recording = await upload(
          app.api,
          parcelOf(entry, policy.value()),
          (share) => (progress.value = share),
          over.signal,
        );
        entries = entries.filter((each) => each !== entry);
        sent(recording);
      } catch (error) {
        if (!over.signal.aborted) entry.problem = wordsOfError(error);
      }
    }
    status.textContent = over.signal.aborted ? W.drop.stopped : entries.length === 0 ? W.drop.allSent : "";
    sending = null;
    draw();
  }

  listenToDrops(area, add, signal);
  draw();
  return section("upload", W.drop.heading, form);
}

function parcelOf(entry: Entry, policy: string): Parcel {
  const own = entry.recording ?? entry.transcript;
  const name = entry.name?.trim() || stem(own?.name ?? "");
  return { recording: entry.recording, transcript: entry.transcript, name, policy };
}

function limits(app: App): string[] {
  const { bytes: size, seconds } = app.me.limits;
  return [
    size ? W.drop.largest(bytes(size)) : "",
    seconds ? W.drop.longest(seconds) : "",
    app.me.retention_days === null ? "" : W.drop.kept(app.me.retention_days),
  ].filter(Boolean);
}

/** What the service would refuse for its size; empty where it would not. */
function tooLarge(app: App, entry: Entry): string {
  const size = (entry.recording?.size ?? 0) + (entry.transcript?.size ?? 0);
  const { bytes: most } = app.me.limits;
  return most && size > most ? W.drop.tooLarge(bytes(size), bytes(most)) : "";
}

function listenToDrops(area: HTMLElement, add: (files: File[]) => void, signal: AbortSignal): void {
  const mark = (on: boolean): void => void area.classList.toggle("over", on);
  // Beside the area too: a file that misses it must not take the place of the page.
  document.addEventListener(
    "dragover",
    (event) => {
      event.preventDefault();
      mark(true);
    },
    { signal },
  );
  document.addEventListener("dragleave", (event) => mark(event.relatedTarget !== null), { signal });
  document.addEventListener(
    "drop",
    (event) => {
      event.preventDefault();
      mark(false);
      add([...(event.dataTransfer?.files ?? [])]);
    },
    { signal },
  );
}
