/**
 * The transcript: the lanes in words, searched and filtered, in step with playback.
 *
 * Every turn is in the page, so that the browser finds, reads out and prints it; `content-visibility` in the
 * style sheet spares the work of laying out those that are out of sight.
 */

import { el, section } from "../dom";
import type { Session } from "../session";
import { S } from "../strings";
import { makeControls } from "./controls";
import { matches } from "./filter";
import { makeRow } from "./rows";

export function makeTranscript(session: Session): HTMLElement {
  const { store, content, actions } = session;
  const { utterances } = content.result;
  const rows = utterances.map((turn, index) => makeRow(session, turn, index));
  const list = el(
    "ol",
    { class: "turns", attributes: { role: "list", "aria-label": S.transcript.list } },
    ...rows.map((row) => row.element),
  );
  const found = el("p", { class: "found", attributes: { role: "status" } });
  const none = el("p", { class: "none", text: S.transcript.none });
  const scroller = el("div", { class: "scroller" }, list, none);
  const element = section("transcript", S.transcript.heading, found, makeControls(session), scroller);
  let shown: number[] = [];
  let [selected, heard] = [-1, -1];

  function sift(): void {
    const { filter } = store.now;
    shown = [];
    rows.forEach((row, index) => {
      const turn = utterances[index];
      const fits = turn !== undefined && matches(turn, filter);
      row.element.hidden = !fits;
      if (fits) shown.push(index);
      row.mark(fits ? filter.words : "");
    });
    found.textContent = S.transcript.found(shown.length, rows.length);
    none.hidden = shown.length > 0;
    reachable();
  }

  /** One row is in the order of Tab, the arrow keys go on from there. */
  let tabbed = -1;
  function reachable(): void {
    const next = shown.includes(selected) ? selected : (shown[0] ?? -1);
    rows[tabbed]?.button.setAttribute("tabindex", "-1");
    rows[next]?.button.setAttribute("tabindex", "0");
    tabbed = next;
  }

  function point(): void {
    rows[selected]?.element.classList.remove("selected");
    rows[selected]?.element.removeAttribute("aria-current");
    rows[heard]?.element.classList.remove("heard");
    const before = { selected, heard };
    ({ selected, heard } = store.now);
    rows[selected]?.element.classList.add("selected");
    rows[selected]?.element.setAttribute("aria-current", "true");
    rows[heard]?.element.classList.add("heard");
    if (selected !== before.selected) bring(selected);
    else if (heard !== before.heard && heard >= 0 && store.now.follow) bring(heard);
    reachable();
  }

  /** Scroll the list, and never the page: somebody may be reading elsewhere. */
  function bring(index: number): void {
    const row = rows[index]?.element;
    if (row === undefined || row.hidden) return;
    // Twice: rows that were never laid out have a guessed height until the first jump comes near them.
    for (let time = 0; time < 2; time += 1) {
      const [inner, outer] = [row.getBoundingClientRect(), scroller.getBoundingClientRect()];
      if (inner.top >= outer.top && inner.bottom <= outer.bottom) return;
      scroller.scrollTop += inner.top - outer.top - Math.max(0, (outer.height - inner.height) / 3);
    }
  }

  list.addEventListener("click", (event) => {
    const row = event.target instanceof Element ? event.target.closest("[data-turn]") : null;
    // Marking words with the mouse is no click.
    if (row === null || (getSelection()?.isCollapsed === false && !(event.target instanceof HTMLButtonElement))) return;
    actions.playTurn(Number(row.getAttribute("data-turn")));
  });
  list.addEventListener("keydown", (event) => {
    const at = shown.indexOf(selected);
    const to: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowRight: at + 1,
      ArrowUp: at - 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: shown.length - 1,
      PageDown: at + 10,
      PageUp: at - 10,
    };
    const place = to[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && session.playable) actions.togglePlay();
    else if (place !== undefined) {
      const index = shown[Math.max(0, Math.min(shown.length - 1, place))];
      if (index === undefined) return;
      actions.select(index);
      rows[index]?.button.focus({ preventScroll: true });
    } else return;
    event.preventDefault();
  });
  store.on(["corrections"], () => {
    rows.forEach((row, index) => row.correct(store.now.corrections.get(utterances[index]?.id ?? "")));
  });
  store.on(["filter"], sift);
  store.on(["selected", "heard"], point);
  sift();
  point();
  return element;
}
