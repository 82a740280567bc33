/** The small note beside the mouse. The same words stand in the transcript and the details. */

import { el, paint } from "../dom";
import { percent } from "../format";
import { type Session, whenOf } from "../session";
import { S } from "../strings";
import { type Place, type Spot, spotUnder } from "./place";

export function hover(session: Session, place: Place, tip: HTMLElement): void {
  const { stage } = place;
  tip.hidden = true;
  stage.addEventListener("pointermove", (event) => {
    const spot = spotUnder(session, place, event);
    const lines = event.buttons === 0 && event.pointerType === "mouse" ? linesAt(session, spot) : [];
    tip.hidden = lines.length === 0;
    stage.classList.toggle("over-turn", spot.turn >= 0);
    if (tip.hidden) return;
    tip.replaceChildren(...lines.map((line, at) => el(at === 0 ? "strong" : "span", { text: line, dir: "auto" })));
    const box = stage.getBoundingClientRect();
    const left = Math.max(0, Math.min(event.clientX - box.left + 12, stage.clientWidth - tip.offsetWidth - 2));
    paint(tip, { transform: `translate(${left}px, ${event.clientY - box.top + 16}px)` });
  });
  stage.addEventListener("pointerleave", () => {
    tip.hidden = true;
  });
}

function linesAt(session: Session, spot: Spot): string[] {
  const turn = session.content.result.utterances[spot.turn];
  if (turn === undefined) return [];
  const lines = [
    `${turn.speaker} · ${whenOf(session, spot.turn)}`,
    S.reading(turn.emotion, turn.confidence, turn.abstained),
  ];
  if (spot.track?.kind === "distribution") {
    const others = Object.entries(turn.probabilities)
      .sort(([, a], [, b]) => b - a)
      .slice(0, 3);
    lines[1] = others.map(([label, value]) => `${label} ${percent(value)}`).join(", ");
  }
  if (spot.track?.modality !== undefined) {
    const use = turn.modalities[spot.track.modality];
    const given = use.present ? percent(use.share) : S.detail.absent;
    lines[1] = [`${S.modality[spot.track.modality] ?? ""} ${given}`, use.note].filter(Boolean).join(": ");
  }
  if (turn.text) lines.push(turn.text.length > 140 ? `${turn.text.slice(0, 140)}…` : turn.text);
  return lines;
}
