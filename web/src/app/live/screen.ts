/** A conversation as it happens: asked first, then turn by turn, and nothing is kept. */

import { button, el } from "../../dom";
import { S } from "../../strings";
import { inWords } from "../api/problem";
import type { App, Screen } from "../app";
import { coloursFor } from "../figures";
import { W } from "../words";
import { makeComposer } from "./composer";
import { Connection } from "./connection";
import { makeConsent } from "./consent";
import { makeLog } from "./log";
import type { Answer, Ready } from "./types";

export const liveScreen: Screen = (app, root, signal) => {
  const body = el("div", { class: "live" });
  root.replaceChildren(
    el("h1", { text: W.live.heading }),
    el("p", { class: "honest", text: S.honest }),
    el("p", { class: "notice", text: W.live.notStored }),
    body,
  );
  if (app.me.live_model === null) body.replaceChildren(el("p", { class: "trouble", text: W.live.noModel }));
  else ask(app, body, signal);
};

function ask(app: App, body: HTMLElement, signal: AbortSignal): void {
  body.replaceChildren(makeConsent(app, (policy) => begin(app, body, policy, signal)));
}

/** Resolves when the service is ready; throws what it says where it is not. */
function begin(app: App, body: HTMLElement, policy: string, left: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let heard: (answer: Answer) => void = (answer) => {
      if (answer.type === "ready") {
        heard = converse(app, body, connection, answer, over);
        resolve();
      } else if (answer.type === "error") {
        reject(new Error(inWords(answer.problem)));
        connection?.close();
      }
    };
    let connection: Connection | null = null;
    const over = new AbortController();
    left.addEventListener("abort", () => over.abort(), { signal: over.signal });
    const closed = (reason: string): void => {
      reject(new Error(reason || W.live.lost));
      if (over.signal.aborted) return;
      over.abort();
      end(app, body, left, reason);
    };
    Connection.open((answer) => heard(answer), closed)
      .then((made) => {
        connection = made;
        over.signal.addEventListener("abort", () => made.close());
        if (left.aborted) made.close();
        else made.start(policy);
      })
      .catch(reject);
  });
}

/** The conversation; returns what takes the answers. */
function converse(
  app: App,
  body: HTMLElement,
  connection: Connection | null,
  ready: Ready,
  over: AbortController,
): (answer: Answer) => void {
  const colours = coloursFor(ready.labels, app.me.colours);
  const log = makeLog(colours);
  const said = el("p", { class: "trouble", attributes: { role: "alert" } });
  said.hidden = true;
  const composer = makeComposer(
    ready.modalities,
    (words) => {
      if (connection !== null) log.say(connection.say(words), words);
    },
    over.signal,
  );
  const stop = button(W.live.end, () => connection?.end(), { class: "danger" });
  body.replaceChildren(
    ready.notice === null
      ? ""
      : el("p", { class: "notice policy", text: ready.notice, attributes: { role: "status" } }),
    el("p", { class: "facts" }, el("span", { text: W.live.model(ready.model) })),
    log.element,
    composer.element,
    said,
    el("div", { class: "buttons" }, stop),
  );
  app.announce(W.live.begun);
  composer.focus();
  return (answer) => {
    if (answer.type === "prediction") log.answer(answer);
    else if (answer.type === "ended") {
      over.abort();
      composer.close(W.live.ended(answer.utterances));
      stop.replaceWith(button(W.live.again, () => app.go({ screen: "live" }), { class: "primary" }));
    } else if (answer.type === "error") {
      if (typeof answer.id === "number") log.refuse(answer.id, answer.problem);
      else {
        said.hidden = false;
        said.textContent = inWords(answer.problem);
      }
    }
  };
}

/** The connection was lost, not ended. */
function end(app: App, body: HTMLElement, left: AbortSignal, reason: string): void {
  if (left.aborted || body.querySelector(".log") === null) return;
  body.querySelector(".composer")?.remove();
  body.querySelector(".danger")?.remove();
  body.append(
    el("p", { class: "trouble", text: reason || W.live.lost, attributes: { role: "alert" } }),
    button(W.live.again, () => app.go({ screen: "live" }), { class: "primary" }),
  );
}
