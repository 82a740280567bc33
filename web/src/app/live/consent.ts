/** Before a live conversation: what happens, and whether everybody agrees. */

import { el } from "../../dom";
import type { App } from "../app";
import { policyChoice } from "../policy";
import { trouble } from "../trouble";
import { W } from "../words";

/** `begin` is called with the policy once it has been agreed to; what it throws is said. */
export function makeConsent(app: App, begin: (policy: string) => Promise<void>): HTMLElement {
  const policy = policyChoice(app);
  const agreed = el("input", { attributes: { type: "checkbox", name: "consent", required: "" } });
  const go = el("button", { class: "primary", text: W.live.start, attributes: { type: "submit" } });
  const said = el("div");
  return el(
    "form",
    {
      class: "consent",
      on: {
        submit: (event) => {
          event.preventDefault();
          if (!agreed.checked) return;
          go.disabled = true;
          said.replaceChildren();
          begin(policy.value()).catch((error: unknown) => {
            said.replaceChildren(trouble(error));
            go.disabled = false;
          });
        },
      },
    },
    el("ul", {}, ...W.live.what.map((line) => el("li", { text: line }))),
    policy.element,
    el("label", { class: "agree" }, agreed, W.live.consent),
    go,
    said,
  );
}
