/** Shares with their intervals, as dots on lines. */

import { el, paint } from "../dom";
import { percent } from "../format";
import type { Session } from "../session";
import { S } from "../strings";
import type { Share, SpeakerShares, Third } from "./shape";

/** A card per speaker with a dot and a line per emotion. */
export function shareCharts(session: Session, speakers: readonly SpeakerShares[]): HTMLElement {
  return el(
    "div",
    { class: "cards" },
    ...speakers.map((speaker) =>
      el(
        "div",
        { class: "card" },
        el("h4", { text: speaker.speaker, dir: "auto" }),
        el("p", {
          class: "note",
          text: S.summary.basis(speaker.turns, speaker.abstained ?? 0, speaker.too_few === true),
        }),
        dotLines(session, speaker.shares),
      ),
    ),
  );
}

export function dotLines(session: Session, shares: readonly Share[]): HTMLElement {
  const rows = shares.map((share) => {
    const { low, high } = share.interval ?? { low: share.estimate, high: share.estimate };
    const mark = paint(
      el(
        "span",
        { class: "dotline", attributes: { "aria-hidden": "true" } },
        el("span", { class: "interval" }),
        el("span", { class: "dot" }),
      ),
      {
        "--low": String(low),
        "--high": String(high),
        "--share": String(share.estimate),
        "--colour": session.content.colours[share.emotion] ?? "var(--modality)",
      },
    );
    return el(
      "div",
      { class: "dotrow", attributes: { role: "listitem" } },
      el("span", { class: "name", text: share.emotion, title: share.emotion, dir: "auto" }),
      mark,
      el("span", { class: "number", text: percent(share.estimate) }),
      el("span", { class: "range", text: S.summary.range(low, high) }),
    );
  });
  return el("div", { class: "dotlines", attributes: { role: "list" } }, ...rows);
}

/** The shares in each third of the recording: a table per speaker. */
export function thirdTables(thirds: readonly Third[], labels: readonly string[]): HTMLElement {
  const names = [...new Set(thirds.flatMap((third) => third.speakers.map((speaker) => speaker.speaker)))];
  return el(
    "div",
    { class: "cards" },
    ...names.map((name) => {
      const columns = thirds.map((third) => third.speakers.find((speaker) => speaker.speaker === name));
      const rows = labels.map((label) =>
        el(
          "tr",
          {},
          el("th", { text: label, attributes: { scope: "row" } }),
          ...columns.map((column) => {
            const share = column?.shares.find((each) => each.emotion === label);
            return share === undefined
              ? el("td", { text: "–" })
              : paint(
                  el("td", { class: column?.too_few === true ? "shade few" : "shade", text: percent(share.estimate) }),
                  { "--shade": share.estimate.toFixed(3) },
                );
          }),
        ),
      );
      const turns = el(
        "tr",
        { class: "basis" },
        el("th", { text: S.summary.turnsRow, attributes: { scope: "row" } }),
        ...columns.map((column) => el("td", { text: String(column?.turns ?? 0) })),
      );
      const head = el(
        "tr",
        {},
        el("td"),
        ...thirds.map((third) =>
          el("th", { text: S.summary.third(third.number, third.start, third.end), attributes: { scope: "col" } }),
        ),
      );
      return el(
        "div",
        { class: "card" },
        el("h4", { text: name, dir: "auto" }),
        el(
          "div",
          { class: "scroll", attributes: { tabindex: "0", role: "group", "aria-label": name } },
          el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows, turns)),
        ),
      );
    }),
  );
}
