/** The distributions of both recordings, an emotion a row. */

import { el, paint, section } from "../../dom";
import { percent } from "../../format";
import { S } from "../../strings";
import { emotion } from "../figures";
import { W } from "../words";
import { points, rowsOf, sharesOf } from "./figures";
import { linkTo, type Side } from "./side";

export function overall(one: Side, other: Side): HTMLElement {
  const [first, second] = [one.session.content, other.session.content];
  const colours = { ...second.colours, ...first.colours };
  const rows = rowsOf(first.result, second.result).map((row) =>
    el(
      "tr",
      {},
      el("th", { attributes: { scope: "row" } }, emotion(row.label, colours[row.label])),
      cell(row.one, colours[row.label]),
      cell(row.other, colours[row.label]),
      el("td", { class: "difference", text: points(row) }),
    ),
  );
  const head = (side: Side): HTMLElement => {
    const { turns, abstained } = sharesOf(side.session.content.result);
    return el(
      "th",
      { attributes: { scope: "col" } },
      linkTo(side),
      el("span", { class: "note", text: S.summary.basis(turns, abstained, false) }),
    );
  };
  return section(
    "overall",
    W.compare.overall,
    el("p", { class: "help", text: W.compare.overallHelp }),
    el(
      "table",
      { class: "both" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", { text: W.compare.emotion, attributes: { scope: "col" } }),
          head(one),
          head(other),
          el("th", { class: "difference", text: W.compare.difference, attributes: { scope: "col" } }),
        ),
      ),
      el("tbody", {}, ...rows),
    ),
  );
}

function cell(share: number | null, colour: string | undefined): HTMLElement {
  if (share === null) return el("td", { class: "absent", text: W.compare.unknown });
  const track = el("span", { class: "track", attributes: { "aria-hidden": "true" } }, el("span", { class: "fill" }));
  paint(track, { "--share": String(share), "--colour": colour ?? "#888888" });
  return el("td", {}, el("span", { class: "measure" }, track, el("span", { class: "number", text: percent(share) })));
}
