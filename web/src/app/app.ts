/** What every screen is handed. */

import type { Api } from "./api/client";
import type { Me } from "./api/types";
import type { Route } from "./route";

export interface App {
  api: Api;
  me: Me;
  /** Say it to people who hear the page. */
  announce(words: string): void;
  /** Show another screen. */
  go(route: Route): void;
  /** Put the screen's heading into the title of the window, and the focus onto it where another screen was left. */
  arrived(): void;
}

/** Fills `root`; `signal` ends what goes on when the screen is left. */
export type Screen = (app: App, root: HTMLElement, signal: AbortSignal) => void | Promise<void>;

export function mayWrite(app: App): boolean {
  return app.me.scopes.includes("write");
}

/** Whether whoever looks may delete. */
export function mayDelete(app: App): boolean {
  return app.me.scopes.includes("admin");
}
