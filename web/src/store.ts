/** The state that the parts of the page share, and news of its changes. */

import type { Span } from "./content";
import type { Filter } from "./transcript/filter";

export interface State {
  /** Index of the turn whose details are shown; -1 for none. */
  selected: number;
  /** Index of the turn that is heard now; -1 for none. */
  heard: number;
  /** Position of the playhead, seconds. */
  time: number;
  /** The stretch of the axis that the timeline shows. */
  window: Span;
  /** Emotions that the distribution leaves out. */
  hidden: ReadonlySet<string>;
  /** How the distribution is drawn. */
  drawing: "areas" | "curves";
  filter: Filter;
  /** What people say a turn expresses, where they say other than the model: id of the turn -> emotion. */
  corrections: ReadonlyMap<string, string>;
  /** Whether transcript and timeline move along with playback. */
  follow: boolean;
}

type Key = keyof State;

export class Store {
  private readonly listeners = new Map<Key, Set<() => void>>();

  constructor(private state: State) {}

  get now(): Readonly<State> {
    return this.state;
  }

  /** Change some of the state; listeners to what really changed are told once each. */
  set(change: Partial<State>): void {
    const changed = (Object.keys(change) as Key[]).filter((key) => change[key] !== this.state[key]);
    this.state = { ...this.state, ...change };
    const told = new Set(changed.flatMap((key) => [...(this.listeners.get(key) ?? [])]));
    for (const tell of told) tell();
  }

  on(keys: readonly Key[], tell: () => void): void {
    for (const key of keys) {
      const known = this.listeners.get(key) ?? new Set();
      this.listeners.set(key, known.add(tell));
    }
  }
}
