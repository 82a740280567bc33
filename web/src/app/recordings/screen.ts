/** The start: what to analyse next, and what has been analysed. */

import { button, el } from "../../dom";
import { S } from "../../strings";
import type { Listing } from "../api/client";
import { download } from "../api/download";
import { wordsOfError } from "../api/problem";
import { type App, mayWrite, type Screen } from "../app";
import { hashOf } from "../route";
import { W } from "../words";
import { makeDrop } from "./drop";
import { makeList } from "./list";

export function recordingsScreen(listing: Listing): Screen {
  return (app, root, signal) => {
    const list = makeList(
      app,
      listing,
      (now) => history.replaceState(null, "", hashOf({ screen: "recordings", listing: now })),
      signal,
    );
    const drop = mayWrite(app)
      ? makeDrop(
          app,
          (recording) => {
            app.announce(W.drop.taken(recording.name));
            list.refresh();
          },
          signal,
        )
      : el("p", { class: "notice", text: W.readOnly });
    root.replaceChildren(
      el("h1", { text: W.recordings }),
      el("p", { class: "honest", text: S.honest }),
      el("div", { class: "start" }, drop, el("div", { class: "known" }, list.element, corpus(app))),
    );
  };
}

/** The corrections of the whole project, to train on. */
function corpus(app: App): HTMLElement {
  const status = el("p", { class: "note", attributes: { role: "status" } });
  const get = button(W.corpus.get, () => {
    status.textContent = W.corpus.making;
    download(app.api, "/v1/corpus?only_corrected=true", "corpus.zip")
      .then((name) => (status.textContent = W.downloaded(name)))
      .catch((error: unknown) => (status.textContent = wordsOfError(error)));
  });
  return el(
    "details",
    { class: "corpus" },
    el("summary", { text: W.corpus.heading }),
    el("p", { text: W.corpus.what }),
    get,
    status,
  );
}
