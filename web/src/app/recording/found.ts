/** What was found in a recording: the viewer, the same as in the report, and corrections beside it. */

import { button, el } from "../../dom";
import { prepared } from "../../content";
import { mount } from "../../viewer";
import type { Recording } from "../api/types";
import type { App } from "../app";
import { W } from "../words";
import { makeCorrections } from "./correct";
import { playable } from "./media";
import { makeTools } from "./tools";

export async function showFound(app: App, root: HTMLElement, recording: Recording, signal: AbortSignal): Promise<void> {
  const loading = el("p", { text: W.loading, attributes: { role: "status" } });
  const without = new AbortController();
  const skip = button(W.media.without, () => without.abort());
  skip.hidden = true;
  root.replaceChildren(el("h1", { text: recording.name, dir: "auto" }), loading, skip);
  const [view, corrections] = await Promise.all([
    app.api.view(recording.id, signal),
    app.api.corrections(recording.id),
  ]);
  const content = prepared(view);
  content.media = await playable(app.api, content.media, signal, without.signal, (words) => {
    skip.hidden = false;
    loading.textContent = words;
  });
  if (signal.aborted) return;
  const viewer = el("div");
  root.replaceChildren(makeTools(app, recording, signal, content.result), viewer);
  mount(viewer, content, {
    signal,
    inside: {
      title: recording.name,
      below: (session) => makeCorrections(app, recording.id, session, corrections),
    },
  });
}
