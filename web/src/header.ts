/** What the report is about, and what it must not be taken for. */

import { button, el } from "./dom";
import { length } from "./format";
import type { Session } from "./session";
import { S } from "./strings";
import { themeButton } from "./theme";

/** `inside`: as a part of a page that has a header and a theme of its own, under this title. */
export function makeHeader(session: Session, listening: AddEventListenerOptions, inside?: string): HTMLElement {
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
    inside === undefined ? "header" : "div",
    {},
    result.utterances.length > 0 && el("a", { class: "skip", text: S.skip, attributes: { href: "#transcript" } }),
    el(
      "div",
      { class: "title" },
      el("h1", { text: inside ?? result.media.name, dir: "auto", attributes: { tabindex: "-1" } }),
      el(
        "div",
        { class: "buttons screen-only" },
        inside === undefined && themeButton(listening),
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
