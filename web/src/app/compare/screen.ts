/** Two recordings, one above the other: as a whole, over time, and by speaker. */

import { prepared } from "../../content";
import { el } from "../../dom";
import { newSession } from "../../session";
import { S } from "../../strings";
import type { Recording } from "../api/types";
import type { App, Screen } from "../app";
import { NO_FILTER } from "../route";
import { W } from "../words";
import { overall } from "./overall";
import { overTime } from "./over_time";
import type { Side } from "./side";
import { bySpeaker } from "./speakers";

/** So many completed recordings can be chosen from; others are a search by name away. */
const CHOICES = 200;

export function compareScreen(one: string | null, other: string | null): Screen {
  return async (app, root, signal) => {
    root.replaceChildren(
      el("h1", { text: W.compare.heading }),
      el("p", { text: W.loading, attributes: { role: "status" } }),
    );
    const { items } = await app.api.list({ ...NO_FILTER, state: "COMPLETED" }, null, CHOICES, signal);
    const ids = [one, other].filter((id) => id !== null);
    const missing = await Promise.all(
      ids.filter((id) => !items.some((each) => each.id === id)).map((id) => app.api.recording(id, signal)),
    );
    const choices = [...items, ...missing];
    const sides = await Promise.all(ids.map((id) => load(app, choices, id, signal)));
    if (signal.aborted) return;
    root.replaceChildren(
      el("h1", { text: W.compare.heading }),
      el("p", { class: "honest", text: S.honest }),
      choose(app, choices, one, other),
      ...comparison(sides, signal),
    );
  };
}

async function load(app: App, choices: readonly Recording[], id: string, signal: AbortSignal): Promise<Side> {
  const content = prepared(await app.api.view(id, signal));
  const recording = choices.find((each) => each.id === id) ?? (await app.api.recording(id, signal));
  return { recording, session: newSession(content) };
}

function choose(app: App, choices: readonly Recording[], one: string | null, other: string | null): HTMLElement {
  if (choices.length === 0) return el("p", { class: "notice", text: W.compare.nothing });
  const select = (name: string, chosen: string | null): HTMLSelectElement => {
    const field = el(
      "select",
      { attributes: { name } },
      el("option", { text: W.compare.choose, attributes: { value: "" } }),
      ...choices.map((each) => el("option", { text: W.compare.option(each), attributes: { value: each.id } })),
    );
    field.value = chosen ?? "";
    return field;
  };
  const [first, second] = [select("one", one), select("other", other)];
  return el(
    "form",
    {
      class: "choose",
      on: {
        submit: (event) => {
          event.preventDefault();
          app.go({ screen: "compare", one: first.value || null, other: second.value || null });
        },
      },
    },
    el("label", {}, W.compare.one, first),
    el("label", {}, W.compare.other, second),
    el("button", { class: "primary", text: W.compare.go, attributes: { type: "submit" } }),
  );
}

function comparison(sides: readonly Side[], signal: AbortSignal): HTMLElement[] {
  const [one, other] = sides;
  if (one === undefined || other === undefined) return [el("p", { text: W.compare.help })];
  const models = new Set(sides.map(({ session }) => session.content.result.model.name));
  const policies = new Set(sides.map(({ session }) => session.content.result.policy ?? ""));
  const cautions = [
    models.size > 1 ? W.compare.models([...models].join(", ")) : "",
    policies.size > 1 ? W.compare.policies : "",
  ].filter(Boolean);
  return [
    ...cautions.map((words) => el("p", { class: "notice", text: words })),
    overall(one, other),
    overTime([one, other], signal),
    bySpeaker([one, other]),
  ];
}
