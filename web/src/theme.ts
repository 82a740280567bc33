/** Light or dark: what the system prefers holds until somebody asks for the other. */

import { button } from "./dom";
import { S } from "./strings";

/** Told on the document when a button changed the theme; canvases have to be drawn anew. */
const CHANGED = "crossgate-theme";

const system = (): MediaQueryList => matchMedia("(prefers-color-scheme: dark)");

function isDark(): boolean {
  return (document.documentElement.dataset["theme"] ?? (system().matches ? "dark" : "light")) === "dark";
}

/** Call `tell` whenever the colours of the page have changed. */
export function onTheme(tell: () => void, listening: AddEventListenerOptions): void {
  document.addEventListener(CHANGED, tell, listening);
  system().addEventListener("change", tell, listening);
}

/** Offers the other theme. */
export function themeButton(listening: AddEventListenerOptions): HTMLButtonElement {
  const toggle = button("", () => {
    document.documentElement.dataset["theme"] = isDark() ? "light" : "dark";
    document.dispatchEvent(new Event(CHANGED));
  });
  const name = (): void => {
    const words = isDark() ? S.light : S.dark;
    toggle.textContent = words;
    toggle.setAttribute("aria-label", S.theme(words));
  };
  onTheme(name, listening);
  name();
  return toggle;
}
