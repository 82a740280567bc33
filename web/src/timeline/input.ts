/** Mouse, touch and keys on the timeline. */

import type { Session } from "../session";
import { moved, zoomed } from "./axis";
import { type Place, spotUnder } from "./place";

/** Narrowest stretch to zoom to: seconds, or turns. */
const NARROWEST = { timed: 2, untimed: 4 };
const STEP = 1.6;

export function zoomBy(session: Session, factor: number, centre?: number): void {
  const { store, extent, spans } = session;
  const { window, selected } = store.now;
  const span = spans[selected];
  const middle = (window.start + window.end) / 2;
  const chosen = span === undefined ? middle : (span.start + span.end) / 2;
  const around = centre ?? (chosen >= window.start && chosen <= window.end ? chosen : middle);
  store.set({ window: zoomed(window, extent, factor, around, session.timed ? NARROWEST.timed : NARROWEST.untimed) });
}

export const zoomIn = (session: Session): void => zoomBy(session, STEP);
export const zoomOut = (session: Session): void => zoomBy(session, 1 / STEP);
export const showAll = (session: Session): void => session.store.set({ window: session.extent });

export function listenToPointer(session: Session, place: Place): void {
  const { stage } = place;
  const { store, extent } = session;
  let from: { x: number; window: { start: number; end: number }; dragging: boolean } | null = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button === 0) from = { x: event.clientX, window: store.now.window, dragging: false };
  });
  stage.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const pixels = event.clientX - from.x;
    if (!from.dragging && Math.abs(pixels) > 4) {
      from.dragging = true;
      stage.setPointerCapture(event.pointerId);
    }
    if (from.dragging) {
      const perPixel = (from.window.end - from.window.start) / stage.clientWidth;
      store.set({ window: moved(from.window, extent, -pixels * perPixel) });
    }
  });
  stage.addEventListener("pointerup", (event) => {
    const clicked = from !== null && !from.dragging;
    from = null;
    if (!clicked) return;
    const spot = spotUnder(session, place, event);
    if (spot.turn >= 0) session.actions.playTurn(spot.turn);
    else session.actions.seek(spot.at);
  });
  stage.addEventListener("pointercancel", () => {
    from = null;
  });
  stage.addEventListener(
    "wheel",
    (event) => {
      const sideways = event.shiftKey ? event.deltaX + event.deltaY : event.deltaX;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        zoomBy(
          session,
          Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) / 120),
          spotUnder(session, place, event).at,
        );
      } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
        event.preventDefault();
        const { window } = store.now;
        store.set({ window: moved(window, extent, (sideways * (window.end - window.start)) / stage.clientWidth) });
      }
    },
    { passive: false },
  );
}

export function listenToKeys(session: Session, place: Place): void {
  const { store, actions } = session;
  const last = session.spans.length - 1;
  const keys: Record<string, () => void> = {
    ArrowRight: () => actions.select(Math.min(last, store.now.selected + 1)),
    ArrowDown: () => actions.select(Math.min(last, store.now.selected + 1)),
    ArrowLeft: () => actions.select(Math.max(0, store.now.selected - 1)),
    ArrowUp: () => actions.select(Math.max(0, store.now.selected - 1)),
    PageDown: () => actions.select(Math.min(last, store.now.selected + 10)),
    PageUp: () => actions.select(Math.max(0, store.now.selected - 10)),
    Home: () => actions.select(0),
    End: () => actions.select(last),
    Enter: () => actions.playTurn(store.now.selected),
    " ": () => actions.togglePlay(),
    "+": () => zoomIn(session),
    "=": () => zoomIn(session),
    "-": () => zoomOut(session),
    "0": () => showAll(session),
  };
  place.stage.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
}
