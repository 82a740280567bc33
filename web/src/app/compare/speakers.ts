/** The distribution of every speaker of both recordings. */

import { el, section } from "../../dom";
import { S } from "../../strings";
import { largest, stackedBar } from "../figures";
import { W } from "../words";
import { sharesOf } from "./figures";
import { linkTo, type Side } from "./side";

/** Fewer turns than that are examples, as the summary says too. */
const FEW = 5;

export function bySpeaker(sides: readonly Side[]): HTMLElement {
  return section(
    "by-speaker",
    W.compare.bySpeaker,
    el("p", { class: "help", text: W.compare.bySpeakerHelp }),
    ...sides.flatMap((side) => [
      el("h3", {}, linkTo(side)),
      el("ul", { class: "speakers", attributes: { role: "list" } }, ...rows(side)),
    ]),
  );
}

function rows({ session }: Side): HTMLElement[] {
  const { result, colours } = session.content;
  return result.speakers.map(({ name }) => {
    const { turns, abstained, shares } = sharesOf(result, name);
    return el(
      "li",
      {},
      el("bdi", { class: "speaker", text: name }),
      el("span", { class: "note", text: S.summary.basis(turns, abstained, turns < FEW) }),
      turns === 0 ? el("span", { class: "absent", text: S.notMeasured }) : stackedBar(shares, colours),
      largest(shares, colours, 3),
    );
  });
}
