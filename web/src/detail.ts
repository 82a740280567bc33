/** Everything about the selected turn: what was said, the probabilities, each modality and each combination. */

import { MODALITIES, type ModalityUse, type Turn, VIEWS } from "./content";
import { button, el, paint, section } from "./dom";
import { percent } from "./format";
import { type Session, whenOf } from "./session";
import { S } from "./strings";

/** `below`: what a page around the viewer puts under the figures. */
export function makeDetail(session: Session, below: HTMLElement | null = null): HTMLElement {
  const { store, content, actions } = session;
  const { utterances } = content.result;
  const body = el("div", { class: "detail-body" });
  const play = button(S.detail.play, () => actions.playTurn(store.now.selected), { class: "primary" });
  play.hidden = !session.playable;
  const previous = button("←", () => actions.select(store.now.selected - 1), {
    title: S.detail.previous,
    attributes: { "aria-label": S.detail.previous },
  });
  const next = button("→", () => actions.select(store.now.selected + 1), {
    title: S.detail.next,
    attributes: { "aria-label": S.detail.next },
  });
  const element = section(
    "detail",
    S.detail.heading,
    el("div", { class: "buttons head-buttons" }, previous, next, play),
    body,
    below,
  );

  function show(): void {
    const index = store.now.selected;
    const turn = utterances[index];
    play.disabled = turn === undefined;
    previous.disabled = index <= 0;
    next.disabled = index >= utterances.length - 1;
    body.replaceChildren(...(turn === undefined ? [el("p", { text: S.detail.none })] : parts(session, turn, index)));
  }
  store.on(["selected"], show);
  show();
  return element;
}

function parts(session: Session, turn: Turn, index: number): HTMLElement[] {
  const { colours } = session.content;
  const said = el(
    "div",
    { class: "said" },
    el(
      "p",
      { class: "who" },
      el("bdi", { class: "speaker", text: turn.speaker }),
      ` · ${whenOf(session, index)}`,
      turn.abstained &&
        el("span", {
          class: "abstains",
          text: ` · ${S.detail.abstains(session.content.result.model.confidence_threshold)}`,
        }),
    ),
    el("blockquote", {
      text: turn.text ?? S.noText,
      dir: "auto",
      class: turn.text === null ? "absent" : "",
      attributes: { tabindex: "0", "aria-label": S.detail.words },
    }),
  );
  const bars = el("div", { class: "bars" }, el("h3", { text: S.detail.probabilities }));
  for (const label of session.content.result.labels) {
    const value = turn.probabilities[label] ?? 0;
    bars.append(
      el(
        "div",
        { class: label === turn.emotion ? "bar likeliest" : "bar" },
        el("span", { class: "name", text: label }),
        paint(el("span", { class: turn.abstained ? "track hatched" : "track" }, el("span", { class: "fill" })), {
          "--share": String(value),
          "--colour": colours[label] ?? "#888888",
        }),
        el("span", { class: "number", text: percent(value) }),
      ),
    );
  }
  return [said, el("div", { class: "figures" }, bars, views(session, turn)), modalities(turn)];
}

function modalities(turn: Turn): HTMLElement {
  const block = el("div", { class: "three" });
  for (const modality of MODALITIES) {
    const use = turn.modalities[modality] as ModalityUse | undefined;
    if (use === undefined) continue;
    block.append(
      el(
        "div",
        { class: "bar" },
        el("span", { class: "name", text: S.modality[modality] ?? modality }),
        paint(el("span", { class: use.present ? "track" : "track dotted" }, el("span", { class: "fill" })), {
          "--share": String(use.present ? use.share : 0),
        }),
        el("span", {
          class: use.present ? "number" : "number absent",
          text: use.present ? percent(use.share) : S.detail.absent,
        }),
        el("span", { class: "note", text: use.note ?? "", title: use.note ?? "", dir: "auto" }),
      ),
    );
  }
  return el("div", { class: "modalities" }, el("h3", { text: S.detail.modalities }), block);
}

/** All seven rows for every turn, so that what stands below keeps its place when the selection moves. */
function views(session: Session, turn: Turn): HTMLElement {
  const { labels } = session.content.result;
  const head = el(
    "tr",
    {},
    el("td"),
    ...labels.map((label) =>
      el(
        "th",
        { title: label, attributes: { scope: "col" } },
        el("abbr", { text: session.marks[label] ?? label, title: label }),
      ),
    ),
  );
  const rows = VIEWS.map((view) => {
    const values = turn.views[view];
    const name = el("th", { text: S.view(view), attributes: { scope: "row" } });
    if (values === undefined)
      return el("tr", { class: "absent" }, name, ...labels.map(() => el("td", { class: "shade", text: "–" })));
    const best = Math.max(...labels.map((label) => values[label] ?? 0));
    return el(
      "tr",
      {},
      name,
      ...labels.map((label) => {
        const value = values[label] ?? 0;
        return paint(
          el("td", { class: value === best ? "shade best" : "shade", text: String(Math.round(value * 100)) }),
          { "--shade": value.toFixed(3) },
        );
      }),
    );
  });
  return el(
    "div",
    { class: "views" },
    el("h3", { text: S.detail.views, title: S.detail.viewsHelp }),
    el(
      "div",
      { class: "scroll", attributes: { tabindex: "0", role: "group", "aria-label": S.detail.views } },
      el(
        "table",
        {},
        el("caption", { class: "hidden", text: S.detail.viewsHelp }),
        el("thead", {}, head),
        el("tbody", {}, ...rows),
      ),
    ),
  );
}
