/** Asks for the token of a service that wants one. */

import { el } from "../dom";
import { keepToken } from "./api/token";
import { W } from "./words";

/** `why`: what was wrong with the last one; empty for none. */
export function askForToken(root: HTMLElement, why: string, again: () => void): void {
  root.dataset["state"] = "closed";
  const field = el("input", {
    attributes: { type: "password", required: "", autocomplete: "off", spellcheck: "false", name: "token" },
  });
  const form = el(
    "form",
    {
      class: "sign-in",
      on: {
        submit: (event) => {
          event.preventDefault();
          if (field.value.trim() === "") return;
          keepToken(field.value.trim());
          again();
        },
      },
    },
    el("label", {}, W.signIn.token, field),
    el("button", { class: "primary", text: W.signIn.open, attributes: { type: "submit" } }),
  );
  root.replaceChildren(
    el(
      "main",
      { class: "screen" },
      el("h1", { text: W.signIn.heading }),
      el("p", { text: W.signIn.why }),
      why !== "" && el("p", { class: "trouble", text: why, attributes: { role: "alert" } }),
      form,
      el("p", { class: "note", text: W.signIn.kept }),
    ),
  );
  document.title = W.title(W.signIn.heading);
  field.focus();
}
