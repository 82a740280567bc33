/** One of the two recordings that are compared. */

import { el } from "../../dom";
import type { Session } from "../../session";
import type { Recording } from "../api/types";
import { hashOf } from "../route";

export interface Side {
  recording: Recording;
  session: Session;
}

/** Name of a recording, as a link to it. */
export function linkTo({ recording }: Side): HTMLElement {
  return el(
    "a",
    { attributes: { href: hashOf({ screen: "recording", id: recording.id }) } },
    el("bdi", { text: recording.name }),
  );
}
