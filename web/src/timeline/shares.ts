/** What a modality gave to each turn: a bar as high as its share; dots where it was not measured. */

import { dots, type Draw, strength, uncovered } from "./view";

export const drawShares: Draw = (view, track) => {
  const { context, theme } = view;
  context.fillStyle = theme.panel;
  context.fillRect(0, track.top, view.width, track.height);
  const nothing = dots(context, theme.muted);
  view.inView.forEach((index, at) => {
    const turn = view.result.utterances[index];
    const use = track.modality === undefined ? undefined : turn?.modalities[track.modality];
    if (turn === undefined || use === undefined) return;
    const { left, width } = uncovered(view, index, view.inView[at + 1]);
    context.globalAlpha = strength(view, turn);
    if (use.present) {
      const height = Math.max(1, use.share * track.height);
      context.fillStyle = theme.modality;
      context.fillRect(left, track.top + track.height - height, width, height);
    } else {
      context.fillStyle = nothing;
      context.fillRect(left, track.top, width, track.height);
    }
  });
  context.globalAlpha = 1;
};
