/** The frame around every screen: who is asked, where one can go, and which screen is shown. */

import { button, el } from "../dom";
import { themeButton } from "../theme";
import { Api } from "./api/client";
import { ApiError } from "./api/problem";
import { forgetToken, token } from "./api/token";
import type { Me } from "./api/types";
import type { App, Screen } from "./app";
import { compareScreen } from "./compare/screen";
import { liveScreen } from "./live/screen";
import { recordingScreen } from "./recording/screen";
import { recordingsScreen } from "./recordings/screen";
import { hashOf, type Route, routeOf } from "./route";
import { askForToken } from "./sign_in";
import { trouble } from "./trouble";
import { W } from "./words";

/** Find out who is asked, and show what the address says; a token is asked for where the service wants one. */
export async function start(root: HTMLElement): Promise<void> {
  const leaving = new AbortController();
  const again = (): void => {
    leaving.abort();
    void start(root);
  };
  const refused = (): void => {
    if (!leaving.signal.aborted && root.dataset["state"] === "open") {
      leaving.abort();
      askForToken(root, W.signIn.refused, again);
    }
  };
  const api = new Api(refused);
  let me: Me;
  try {
    me = await api.me();
  } catch (error) {
    root.dataset["state"] = "closed";
    if (error instanceof ApiError && error.status === 401) {
      const known = token() !== null;
      forgetToken();
      askForToken(root, known ? W.signIn.refused : "", again);
    } else {
      const retry = button(W.again, again, { class: "primary" });
      root.replaceChildren(el("main", { class: "screen" }, el("h1", { text: W.name }), trouble(error), retry));
    }
    return;
  }
  root.dataset["state"] = "open";
  frame(root, api, me, leaving.signal, again);
}

function frame(root: HTMLElement, api: Api, me: Me, over: AbortSignal, again: () => void): void {
  const spoken = el("p", { class: "hidden", attributes: { role: "status", "aria-live": "polite" } });
  const links = W.screens.map(([hash, words]) => el("a", { text: words, attributes: { href: hash } }));
  const main = el("main", { class: "screen", attributes: { id: "main" } });
  const leave = button(W.signIn.forget, () => {
    forgetToken();
    again();
  });
  leave.hidden = token() === null;
  const skip = el("a", { class: "skip", text: W.skip, attributes: { href: "#main" } });
  root.replaceChildren(
    skip,
    el(
      "header",
      { class: "bar-top screen-only" },
      el("span", { class: "brand", text: W.name }),
      el("nav", { attributes: { "aria-label": W.navigation } }, ...links),
      el(
        "div",
        { class: "buttons" },
        el("span", { class: "project", text: W.project(me.project), dir: "auto" }),
        themeButton({ signal: over }),
        leave,
      ),
    ),
    main,
    el("footer", { class: "foot screen-only" }, el("p", { text: W.foot(me.version, me.model) })),
    spoken,
  );

  let shown = new AbortController();
  let first = true;
  const app: App = {
    api,
    me,
    announce(words) {
      spoken.textContent = ""; // the same words twice are said twice
      setTimeout(() => {
        spoken.textContent = words;
      }, 50);
    },
    go(route) {
      if (location.hash === hashOf(route)) show();
      else location.hash = hashOf(route);
    },
    arrived() {
      const heading = main.querySelector("h1");
      if (heading === null) return;
      document.title = W.title(heading.textContent ?? "");
      if (!first) {
        heading.tabIndex = -1;
        heading.focus({ preventScroll: true });
      }
    },
  };

  function show(): void {
    const route = routeOf(location.hash);
    if (route === null) return;
    shown.abort();
    shown = new AbortController();
    const { signal } = shown;
    over.addEventListener("abort", () => shown.abort(), { signal });
    links.forEach((link, at) => {
      const [hash] = W.screens[at] ?? [""];
      if (isIn(route, hash)) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
    main.replaceChildren();
    scrollTo(0, 0);
    void run(screenOf(route), app, main, signal).then(() => {
      first = false;
    });
  }

  root.addEventListener("click", (event) => stayHere(event), { signal: over });
  addEventListener("hashchange", show, { signal: over });
  show();
}

async function run(screen: Screen, app: App, main: HTMLElement, signal: AbortSignal): Promise<void> {
  try {
    await screen(app, main, signal);
  } catch (error) {
    if (signal.aborted) return;
    if (main.querySelector("h1") === null) main.append(el("h1", { text: W.problem.heading }));
    main.append(trouble(error));
  }
  if (!signal.aborted) app.arrived();
}

function screenOf(route: Route): Screen {
  switch (route.screen) {
    case "recordings":
      return recordingsScreen(route.listing);
    case "recording":
      return recordingScreen(route.id);
    case "compare":
      return compareScreen(route.one, route.other);
    case "live":
      return liveScreen;
  }
}

function isIn(route: Route, hash: string): boolean {
  const screen = routeOf(hash)?.screen;
  return screen === route.screen || (screen === "recordings" && route.screen === "recording");
}

/** Links to a part of the screen move the focus there, and leave the address, which names the screen, alone. */
function stayHere(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[href^='#']") : null;
  const hash = link?.getAttribute("href") ?? "";
  if (link === null || routeOf(hash) !== null) return;
  event.preventDefault();
  const target = document.getElementById(hash.slice(1));
  if (target === null) return;
  if (!target.hasAttribute("tabindex")) target.tabIndex = -1;
  target.scrollIntoView({ block: "start" });
  target.focus({ preventScroll: true });
}
