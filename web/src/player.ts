/** The recording, in step with everything else. */

import { el, section } from "./dom";
import type { Session } from "./session";
import { S } from "./strings";
import { turnAt } from "./content";

/** The player; null where there is nothing to play. It puts the actions that need a recording into the session. */
export function makePlayer(session: Session): HTMLElement | null {
  const { content, store, spans, actions } = session;
  const { media } = content.result;
  if (!session.playable || content.media === null) return null;
  const player = el(media.kind === "video" ? "video" : "audio", {
    attributes: { controls: "", preload: "auto", playsinline: "", "aria-label": S.player.label(media.name) },
  });
  const trouble = el("p", { class: "trouble", text: S.player.missing(media.name), attributes: { role: "status" } });
  trouble.hidden = true;
  let broken = false;
  player.addEventListener("error", () => {
    trouble.hidden = false;
    player.hidden = true;
    broken = true;
  });
  player.src = playableUrl(content.media);

  /** Where to stop, seconds; null to go on. */
  let until: number | null = null;
  let seeking = false;

  function step(): void {
    if (until !== null && player.currentTime >= until - 0.02) {
      const end = until;
      until = null;
      player.pause();
      // Half a frame may have run over; the turn that was asked for stays the one shown.
      if (player.currentTime >= end) jump(end - 0.01);
    }
    store.set({ time: player.currentTime, heard: turnAt(spans, player.currentTime) });
    if (!player.paused) requestAnimationFrame(step);
  }

  function jump(seconds: number): void {
    seeking = true;
    player.currentTime = Math.max(0, seconds);
  }

  player.addEventListener("play", () => requestAnimationFrame(step));
  player.addEventListener("timeupdate", () => {
    // Also where no frames are drawn, in a tab behind.
    if (player.paused || document.hidden) step();
  });
  player.addEventListener("seeking", () => {
    if (!seeking) until = null; // somebody moved the player's own slider
    seeking = false;
  });

  const start = (): void => {
    player.play().catch(() => undefined); // refused before the first click, or not playable: said by `error`
  };
  actions.playTurn = (index) => {
    const span = spans[index];
    if (span === undefined) return;
    actions.select(index);
    if (broken) return;
    until = span.end > span.start ? span.end : null;
    jump(span.start);
    store.set({ time: span.start, heard: index });
    start();
  };
  actions.togglePlay = () => {
    if (player.paused) start();
    else player.pause();
  };
  actions.seek = (seconds) => {
    if (broken) return;
    until = null;
    jump(seconds);
    store.set({ time: seconds, heard: turnAt(spans, seconds) });
  };

  const follow = el("input", {
    attributes: { type: "checkbox" },
    on: { change: () => store.set({ follow: follow.checked }) },
  });
  follow.checked = store.now.follow;
  const element = section(
    "player",
    S.player.heading,
    player,
    trouble,
    el("label", { class: "follow" }, follow, S.player.follow),
  );
  element.classList.add(media.kind);
  return element;
}

/** A recording that is part of the page becomes a blob: browsers seek in those without reading all of it anew. */
function playableUrl(url: string): string {
  const head = /^data:([^;,]+);base64,/.exec(url.slice(0, 200));
  if (head === null) return url;
  const letters = atob(url.slice(head[0].length));
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: head[1] ?? "" }));
}
