/** What every part of the page is handed: the result, what follows from it, the shared state, and what can be done. */

import { type Content, extentOf, isTimed, type Span, spansOf } from "./content";
import { preciseClock } from "./format";
import { Store } from "./store";
import { S } from "./strings";
import { EVERYTHING } from "./transcript/filter";

export interface Actions {
  /** Show a turn's details, and play it where there is a recording. */
  playTurn(index: number): void;
  /** Show a turn's details. */
  select(index: number): void;
  togglePlay(): void;
  seek(seconds: number): void;
}

export interface Session {
  content: Content;
  spans: readonly Span[];
  extent: Span;
  timed: boolean;
  /** Whether there is a recording that can be played in step with the turns. */
  playable: boolean;
  marks: Record<string, string>;
  store: Store;
  actions: Actions;
}

export function newSession(content: Content): Session {
  const { result } = content;
  const spans = spansOf(result);
  const extent = extentOf(result, spans);
  const timed = isTimed(result);
  const store = new Store({
    selected: result.utterances.length > 0 ? 0 : -1,
    heard: -1,
    time: 0,
    window: extent,
    hidden: new Set(),
    drawing: "areas",
    filter: EVERYTHING,
    corrections: new Map(),
    follow: true,
  });
  const select = (index: number): void => {
    if (index >= 0 && index < result.utterances.length) store.set({ selected: index });
  };
  return {
    content,
    spans,
    extent,
    timed,
    playable: content.media !== null && timed && result.media.kind !== "text",
    marks: content.letters,
    store,
    // The player puts in its own where there is one.
    actions: { select, playTurn: select, togglePlay: () => undefined, seek: () => undefined },
  };
}

/** A turn in words, for people who hear the page. */
export function wordsOf(session: Session, index: number): string {
  const { utterances } = session.content.result;
  const turn = utterances[index];
  const span = session.spans[index];
  if (turn === undefined || span === undefined) return "";
  const at = session.timed ? S.at(span.start, span.end) : "";
  const person = session.store.now.corrections.get(turn.id);
  const reading = S.reading(turn.emotion, turn.confidence, turn.abstained);
  return S.turnWords(
    index + 1,
    utterances.length,
    turn.speaker,
    at,
    person === undefined ? reading : `${reading}; ${S.person(person)}`,
  );
}

/** When a turn is, or its number where there are no times. */
export function whenOf(session: Session, index: number): string {
  const span = session.spans[index];
  return session.timed && span !== undefined
    ? `${preciseClock(span.start)} – ${preciseClock(span.end)}`
    : `${S.timeline.turnNumber} ${index + 1}`;
}
