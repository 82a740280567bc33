/** The usage policy that an analysis keeps to. */

import { el } from "../dom";
import { S } from "../strings";
import type { App } from "./app";
import { W } from "./words";

export interface PolicyChoice {
  element: HTMLElement;
  /** Name of the policy; empty for none, or where the service has set one. */
  value(): string;
}

/** A choice of policies; where the service has set one, words that say so. */
export function policyChoice(app: App): PolicyChoice {
  const fixed = app.me.policy;
  if (fixed !== null) {
    const words = [W.policy.fixed(fixed), fixed in S.policies ? W.policy.help : ""].filter(Boolean).join(" ");
    return { element: el("p", { class: "notice policy", text: words }), value: () => "" };
  }
  const help = el("span", { class: "note", text: W.policy.help });
  const select = el(
    "select",
    { attributes: { name: "policy" } },
    el("option", { text: W.policy.none, attributes: { value: "" } }),
    ...Object.keys(S.policies).map((name) => el("option", { text: name, attributes: { value: name } })),
  );
  const element = el("label", { class: "policy-choice" }, W.policy.label, select, help);
  return { element, value: () => select.value };
}
