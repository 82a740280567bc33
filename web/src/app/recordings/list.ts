/** The recordings, a page at a time, each in step with its analysis. */

import { button, el, section } from "../../dom";
import type { Listing } from "../api/client";
import { follow } from "../api/events";
import { isOver, type Recording } from "../api/types";
import type { App } from "../app";
import { trouble } from "../trouble";
import { W } from "../words";
import { isOpen, makeFilters } from "./filters";
import { type Item, makeItem } from "./item";

const A_PAGE = 20;
/** Streams at a time: browsers keep six connections to a host, and somebody may want to do something else. */
const STREAMS = 3;

export interface RecordingList {
  element: HTMLElement;
  /** Show the newest page anew. */
  refresh(): void;
}

export function makeList(
  app: App,
  listing: Listing,
  changed: (listing: Listing) => void,
  signal: AbortSignal,
): RecordingList {
  let asked = listing;
  /** The cursors of the pages from the newest to the one that is shown. */
  let cursors: (string | null)[] = [null];
  let shown = new AbortController();
  const list = el("ol", { class: "items", attributes: { role: "list", "aria-label": W.list.heading } });
  const found = el("p", { class: "note", attributes: { role: "status" } });
  const newer = button(W.list.newer, () => turn(cursors.slice(0, -1)));
  const older = button(W.list.older, () => undefined);
  const pages = el("nav", { class: "buttons pages", attributes: { "aria-label": W.list.pages } }, newer, older);
  const filters = makeFilters(listing, app.me.labels, (next) => {
    asked = next;
    changed(next);
    turn([null]);
  });
  const element = section("recordings", W.list.heading, filters, found, list, pages);
  signal.addEventListener("abort", () => shown.abort());

  function turn(to: (string | null)[]): void {
    cursors = to;
    void load();
  }

  async function load(): Promise<void> {
    shown.abort();
    if (signal.aborted) return;
    shown = new AbortController();
    const over = shown.signal;
    try {
      const page = await app.api.list(asked, cursors[cursors.length - 1] ?? null, A_PAGE, over);
      if (over.aborted) return;
      const items = new Map(page.items.map((each) => [each.id, makeItem(each, app.me)]));
      list.replaceChildren(...[...items.values()].map((item) => item.element));
      found.textContent = W.list.found(page.items.length, isOpen(asked), cursors.length, page.next !== null);
      newer.disabled = cursors.length < 2;
      older.disabled = page.next === null;
      older.onclick = () => turn([...cursors, page.next]);
      pages.hidden = newer.disabled && older.disabled;
      watch(page.items, items, over);
    } catch (error) {
      if (!over.aborted) list.replaceChildren(el("li", {}, trouble(error)));
    }
  }

  /** The oldest first: they are done first. */
  function watch(recordings: readonly Recording[], items: Map<string, Item>, over: AbortSignal): void {
    const open = recordings.filter((each) => !isOver(each)).reverse();
    const next = async (): Promise<void> => {
      for (let one = open.shift(); one !== undefined && !over.aborted; one = open.shift()) {
        const { id } = one;
        await follow(app.api, id, (now) => tell(id, now, items), over).catch(() => undefined);
      }
    };
    for (let stream = 0; stream < STREAMS; stream += 1) void next();
  }

  function tell(id: string, now: Recording | null, items: Map<string, Item>): void {
    const item = items.get(id);
    if (now === null) item?.element.remove();
    else item?.show(now);
    if (now !== null && isOver(now)) app.announce(W.state.over(now.name, now.state));
  }

  void load();
  return { element, refresh: () => turn([null]) };
}
