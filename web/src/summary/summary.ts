/** The summary: what people decide from, in the order and under the headings that Python chose. */

import { el, paint, section } from "../dom";
import { percent } from "../format";
import type { Session } from "../session";
import { S } from "../strings";
import { lastStates, moments, shifts, turningPoints } from "./quotes";
import { reactionTables } from "./reactions";
import { dotLines, shareCharts, thirdTables } from "./shares";
import { type Summary, summaryOf } from "./shape";

/** The summary section; null where the result has none. */
export function makeSummary(session: Session): HTMLElement | null {
  const summary = summaryOf(session.content.result.summary);
  if (summary === null) return null;
  const drawn = draw(session, summary);
  const order = [...Object.keys(summary.headings ?? {}), ...Object.keys(drawn)];
  const blocks = [...new Set(order)].flatMap((figure) => {
    const content = drawn[figure]?.();
    if (content === undefined || content === null) return [];
    const heading = el("h3", { text: summary.headings?.[figure] ?? S.summary.headings[figure] ?? figure });
    const help = S.summary.help[figure];
    return [
      el(
        "div",
        { class: `block ${figure}` },
        heading,
        help === undefined ? null : el("p", { class: "help", text: help }),
        content,
      ),
    ];
  });
  if (blocks.length === 0) return null;
  const whose = summary.speaker ? el("p", {}, S.summary.only, el("bdi", { text: summary.speaker })) : null;
  const notes = (summary.notes ?? []).map((note) => el("p", { class: "note", text: note }));
  return section("summary", S.summary.heading, whose, ...notes, ...blocks);
}

/** Figure -> how to draw it, where it is there. */
function draw(session: Session, summary: Summary): Record<string, () => HTMLElement | null> {
  const labels = summary.labels ?? session.content.result.labels;
  const { overview, speakers, thirds, negative, turning_points, reactions, last_states } = summary;
  return {
    overview: () => (overview === undefined ? null : overviewBars(session, overview)),
    speakers: () => (speakers === undefined ? null : shareCharts(session, speakers)),
    turning_points: () => (turning_points === undefined ? null : turningPoints(session, turning_points)),
    moments: () => (summary.moments === undefined ? null : moments(session, summary.moments)),
    reactions: () => (reactions === undefined ? null : reactionTables(session, reactions)),
    thirds: () => (thirds === undefined ? null : folded(S.summary.showThirds, thirdTables(thirds, labels))),
    negative: () => (negative === undefined ? null : negativeFigures(session, negative)),
    shifts: () =>
      summary.shifts === undefined
        ? null
        : summary.shifts.found.length === 0
          ? el("p", { class: "none", text: S.summary.shifts(0, summary.shifts.compared) })
          : folded(
              S.summary.shifts(summary.shifts.found.length, summary.shifts.compared),
              shifts(session, summary.shifts.found),
            ),
    last_states: () =>
      last_states === undefined ? null : folded(S.summary.showLast, lastStates(session, last_states)),
  };
}

function folded(words: string, content: HTMLElement): HTMLElement {
  return el("details", {}, el("summary", { text: words }), content);
}

function overviewBars(session: Session, overview: NonNullable<Summary["overview"]>): HTMLElement | null {
  const shares = Object.entries(overview.emotions ?? {}).map(([emotion, estimate]) => ({ emotion, estimate }));
  const bar = el(
    "div",
    {
      class: "stacked-bar",
      attributes: {
        role: "img",
        "aria-label": shares.map(({ emotion, estimate }) => `${emotion} ${percent(estimate)}`).join(", "),
      },
    },
    ...shares.map(({ emotion, estimate }) =>
      paint(el("span", { title: `${emotion} ${percent(estimate)}` }), {
        "--share": String(estimate),
        "--colour": session.content.colours[emotion] ?? "#888888",
      }),
    ),
  );
  const words = shares
    .filter(({ estimate }) => estimate >= 0.005)
    .sort((a, b) => b.estimate - a.estimate)
    .map(({ emotion, estimate }) => `${emotion} ${percent(estimate)}`)
    .join(" · ");
  const modalities = Object.entries(overview.present ?? {})
    .map(([modality, there]) =>
      S.summary.modality(S.modality[modality] ?? modality, there, overview.shares?.[modality] ?? 0),
    )
    .join(" · ");
  return el(
    "div",
    {},
    bar,
    el("p", { text: words }),
    modalities === "" ? null : el("p", { class: "note", text: modalities }),
  );
}

function negativeFigures(session: Session, negative: NonNullable<Summary["negative"]>): HTMLElement {
  const rows = negative.speakers.flatMap((speaker) =>
    speaker.shares.slice(0, 1).map((share) => ({ ...share, emotion: speaker.speaker })),
  );
  return el(
    "div",
    { class: "people" },
    el("p", { class: "note", text: negative.emotions.join(", ") }),
    dotLines(session, rows),
  );
}
