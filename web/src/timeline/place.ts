/** What lies under a point of the timeline. */

import type { ScaleLinear } from "d3-scale";

import type { Session } from "../session";
import type { Layout, Track } from "./layout";

export interface Place {
  x(): ScaleLinear<number, number>;
  layout(): Layout;
  stage: HTMLElement;
}

/** How far from a thin block a click still means it, CSS pixels. */
const REACH = 6;

export interface Spot {
  /** Position on the axis. */
  at: number;
  track: Track | undefined;
  /** Index of the turn; -1 for none. */
  turn: number;
}

export function spotUnder(session: Session, place: Place, event: { clientX: number; clientY: number }): Spot {
  const box = place.stage.getBoundingClientRect();
  const [left, top] = [event.clientX - box.left, event.clientY - box.top];
  const scale = place.x();
  const track = place.layout().tracks.find((each) => top >= each.top && top <= each.top + each.height + 2);
  let turn = -1;
  let nearest = REACH;
  session.spans.forEach((span, index) => {
    if (track?.kind === "lane" && session.content.result.utterances[index]?.speaker !== track.speaker) return;
    const distance = Math.max(scale(span.start) - left, left - scale(span.end), 0);
    // Of turns at one place the later one is drawn on top.
    if (distance < nearest || (distance === 0 && nearest === 0)) [nearest, turn] = [distance, index];
  });
  return { at: scale.invert(left), track, turn: track === undefined || track.kind === "ruler" ? -1 : turn };
}
