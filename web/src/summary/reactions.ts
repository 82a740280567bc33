/** What one speaker expresses after another's turn, as tables with shades and numbers. */

import { el, paint } from "../dom";
import type { Session } from "../session";
import { S } from "../strings";
import type { Reaction } from "./shape";

/** So many are shown at once, those that rest on the most pairs; the others fold, and all that are only examples. */
const SHOWN = 4;

export function reactionTables(session: Session, reactions: readonly Reaction[]): HTMLElement {
  if (reactions.length === 0) return el("p", { class: "none", text: S.summary.noReactions });
  const most = [...reactions].sort((a, b) => b.pairs - a.pairs);
  const tables = most.map((reaction) => table(session, reaction));
  const shown = Math.min(SHOWN, most.filter((reaction) => reaction.too_few !== true).length);
  const rest = tables.slice(shown);
  return el(
    "div",
    {},
    el("div", { class: "cards wide" }, ...tables.slice(0, shown)),
    rest.length > 0
      ? el(
          "details",
          {},
          el("summary", { text: S.summary.more(rest.length) }),
          el("div", { class: "cards wide" }, ...rest),
        )
      : null,
  );
}

function table(session: Session, reaction: Reaction): HTMLElement {
  const { labels } = session.content.result;
  const words = S.summary.reaction(reaction.first, reaction.then, reaction.pairs);
  const head = el(
    "tr",
    {},
    el("td"),
    ...labels.map((label) =>
      el("th", { attributes: { scope: "col" } }, el("abbr", { text: session.marks[label] ?? label, title: label })),
    ),
    el("th", { text: "n", title: S.summary.expectedPairs, attributes: { scope: "col" } }),
  );
  const rows = reaction.rows.map((row) =>
    el(
      "tr",
      { class: row.too_few === true ? "few" : "" },
      el("th", { text: row.emotion, attributes: { scope: "row" } }),
      ...labels.map((label) => {
        const value = row.probabilities?.[label];
        if (value === undefined) return el("td", { text: "–" });
        const lift = row.lift?.[label];
        const title = S.summary.cell(row.emotion, label, row.counts?.[label], lift ?? null);
        return paint(el("td", { class: "shade", text: String(Math.round(value * 100)), title }), {
          "--shade": value.toFixed(3),
        });
      }),
      el("td", { class: "basis", text: row.pairs.toFixed(row.pairs < 10 ? 1 : 0) }),
    ),
  );
  return el(
    "div",
    { class: "card" },
    el("h4", { text: words, dir: "auto" }),
    reaction.too_few === true && el("p", { class: "note", text: S.summary.tooFewPairs }),
    el(
      "div",
      { class: "scroll", attributes: { tabindex: "0", role: "group", "aria-label": words } },
      el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows)),
    ),
  );
}
