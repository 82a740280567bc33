/** What the report is about, and what it must not be taken for. */

import { button, el } from "./dom";
import { length } from "./format";
import type { Session } from "./session";
import { S } from "./strings";

export function makeHeader(session: Session, repaint: () => void): HTMLElement {
  const { result } = session.content;
  const abstentions = result.utterances.filter((turn) => turn.abstained).length;
  const facts = [
    S.kinds[result.media.kind] ?? result.media.kind,
    result.media.duration === null ? "" : length(result.media.duration),
    S.turns(result.utterances.length),
    S.speakers(result.speakers.length),
    abstentions > 0 ? S.abstentions(abstentions) : "",
    S.model(result.model.name, result.model.version),
  ];
  const header = el(
    "header",
    {},
    result.utterances.length > 0 && el("a", { class: "skip", text: S.skip, attributes: { href: "#transcript" } }),
    el(
      "div",
      { class: "title" },
      el("h1", { text: result.media.name, dir: "auto" }),
      el(
        "div",
        { class: "buttons screen-only" },
        themeButton(repaint),
        button(S.print, () => window.print()),
      ),
    ),
    el("p", { class: "facts" }, ...facts.filter(Boolean).map((fact) => el("span", { text: fact }))),
    el("p", { class: "honest", text: S.honest }),
  );
  if (result.policy) {
    header.append(
      el("p", { class: "policy" }, el("strong", { text: S.policy(result.policy) }), S.policies[result.policy] ?? ""),
    );
  }
  return header;
}

/** Offers the other theme; what the system prefers holds until somebody asks. */
function themeButton(repaint: () => void): HTMLButtonElement {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = (): boolean => (root.dataset["theme"] ?? (system.matches ? "dark" : "light")) === "dark";
  const toggle = button("", () => {
    root.dataset["theme"] = isDark() ? "light" : "dark";
    name();
    repaint();
  });
  const name = (): void => {
    const words = isDark() ? S.light : S.dark;
    toggle.textContent = words;
    toggle.setAttribute("aria-label", S.theme(words));
  };
  system.addEventListener("change", () => {
    name();
    repaint();
  });
  name();
  return toggle;
}
