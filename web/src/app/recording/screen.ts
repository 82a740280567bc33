/** One recording: how far it is, what went wrong, or what was found. */

import { el } from "../../dom";
import { follow } from "../api/events";
import { isOver, type Recording } from "../api/types";
import type { App, Screen } from "../app";
import { hashOf, NO_FILTER } from "../route";
import { W } from "../words";
import { showFound } from "./found";
import { makeTools } from "./tools";
import { showFailed, waiting } from "./waiting";

export function recordingScreen(id: string): Screen {
  return async (app, root, signal) => {
    root.replaceChildren(el("h1", { text: W.recording }), el("p", { text: W.loading, attributes: { role: "status" } }));
    const recording = await app.api.recording(id, signal);
    await show(app, root, recording, signal);
    if (isOver(recording)) return;
    const view = waiting(recording);
    const tools = makeTools(app, recording, signal);
    root.replaceChildren(tools, view.element);
    void follow(app.api, id, (now) => void changed(now), signal).catch((error: unknown) => view.trouble(error));

    async function changed(now: Recording | null): Promise<void> {
      if (now === null) gone(root);
      else if (!isOver(now)) view.show(now);
      else {
        app.announce(W.state.over(now.name, now.state));
        await show(app, root, now, signal);
        app.arrived();
      }
    }
  };
}

async function show(app: App, root: HTMLElement, recording: Recording, signal: AbortSignal): Promise<void> {
  if (recording.state === "COMPLETED") await showFound(app, root, recording, signal);
  else if (recording.state === "FAILED") showFailed(root, makeTools(app, recording, signal), recording);
}

function gone(root: HTMLElement): void {
  const back = el("a", { text: W.back, attributes: { href: hashOf({ screen: "recordings", listing: NO_FILTER }) } });
  root.replaceChildren(el("h1", { text: W.gone }), el("p", {}, back));
}
