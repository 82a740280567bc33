/** Keys that work wherever no control of its own takes them. */

import type { Session } from "./session";

const TAKES_KEYS = "input, select, textarea, button, summary, a, video, audio, [role=slider], [tabindex='0'], dialog";

export function listenToKeyboard(session: Session, listening: AddEventListenerOptions): void {
  const { store, actions } = session;
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.defaultPrevented) return;
      if (event.target instanceof Element && event.target.closest(TAKES_KEYS) !== null) return;
      if (event.key === "ArrowRight") actions.select(store.now.selected + 1);
      else if (event.key === "ArrowLeft") actions.select(store.now.selected - 1);
      else if (event.key === "Enter") actions.playTurn(store.now.selected);
      else if (event.key === " " && session.playable) actions.togglePlay();
      else return;
      event.preventDefault();
    },
    listening,
  );
}
