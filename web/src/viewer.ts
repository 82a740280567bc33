/** Puts the whole page together. The report and the service both show a result through this. */

import "./style/base.css";
import "./style/layout.css";
import "./style/timeline.css";
import "./style/transcript.css";
import "./style/summary.css";
import "./style/print.css";

import type { Content } from "./content";
import { makeDetail } from "./detail";
import { el } from "./dom";
import { makeHeader } from "./header";
import { listenToKeyboard } from "./keyboard";
import { makeNotes, makeWarnings } from "./notes";
import { makePlayer } from "./player";
import { newSession, type Session } from "./session";
import { S } from "./strings";
import { onTheme } from "./theme";
import { makeSummary } from "./summary/summary";
import { makeTimelinePanel } from "./timeline/panel";
import { makeTranscript } from "./transcript/transcript";

/** Where the viewer stands. */
export interface Place {
  /** Ends the playing, and the listening to the whole document. */
  signal?: AbortSignal;
  /** In a page that has header, main and theme of its own: under this title, with something below the selected turn. */
  inside?: { title: string; below: (session: Session) => HTMLElement | null };
}

/** Show `content` in `root`; what was there before goes. */
export function mount(root: HTMLElement, content: Content | null, place: Place = {}): Session | null {
  if (content === null) {
    root.replaceChildren(el("main", {}, el("p", { text: S.empty })));
    return null;
  }
  const session = newSession(content);
  const { signal, inside } = place;
  const listening = signal === undefined ? {} : { signal };
  const main = inside === undefined ? "main" : "div";
  root.classList.add("viewer");
  if (content.result.utterances.length === 0) {
    root.replaceChildren(
      makeHeader(session, listening, inside?.title),
      el(main, {}, ...present(makeWarnings(session)), el("p", { text: S.noTurns }), makeNotes(session)),
    );
    return session;
  }
  const timeline = makeTimelinePanel(session);
  const player = makePlayer(session);
  const top = el(
    "div",
    { class: player === null ? "top" : "top with-player" },
    ...present(player),
    makeDetail(session, inside?.below(session)),
  );
  const look = el("div", { class: "look" }, top, timeline.element);
  const both = el("div", { class: "side-by-side" }, look, makeTranscript(session));
  root.replaceChildren(
    makeHeader(session, listening, inside?.title),
    el(main, {}, ...present(makeWarnings(session)), both, ...present(makeSummary(session)), makeNotes(session)),
  );
  listenToKeyboard(session, listening);
  onTheme(timeline.redraw, listening);
  signal?.addEventListener("abort", () => player?.querySelector<HTMLMediaElement>("video, audio")?.pause());
  printOnWhite(timeline.print, listening);
  return session;
}

/** Paper is white: the light colours hold while the page is printed. */
function printOnWhite(print: (printing: boolean) => void, listening: AddEventListenerOptions): void {
  const { dataset } = document.documentElement;
  let before: string | undefined;
  addEventListener(
    "beforeprint",
    () => {
      before = dataset["theme"];
      dataset["theme"] = "light";
      print(true);
    },
    listening,
  );
  addEventListener(
    "afterprint",
    () => {
      if (before === undefined) delete dataset["theme"];
      else dataset["theme"] = before;
      print(false);
    },
    listening,
  );
}

function present(...elements: (HTMLElement | null)[]): HTMLElement[] {
  return elements.filter((element) => element !== null);
}
