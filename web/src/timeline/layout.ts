/** Where the tracks of the timeline lie, from top to bottom, in CSS pixels. */

import { MODALITIES, type Modality } from "../content";
import { S } from "../strings";

export interface Track {
  kind: "ruler" | "lane" | "distribution" | "modality";
  label: string;
  /** The speaker of a lane. */
  speaker?: string;
  modality?: Modality;
  top: number;
  height: number;
}

export interface Layout {
  tracks: Track[];
  height: number;
}

/** `stacked`: on a narrow screen a label stands above its track instead of beside it. */
export function layOut(speakers: readonly string[], stacked: boolean): Layout {
  const tracks: Track[] = [];
  let top = 0;
  const add = (track: Omit<Track, "top">, gap: number): void => {
    top += stacked && track.kind !== "ruler" ? 16 : 0;
    tracks.push({ ...track, top });
    top += track.height + gap;
  };
  const lane = speakers.length <= 6 ? 26 : speakers.length <= 12 ? 22 : 17;
  add({ kind: "ruler", label: "", height: 20 }, 2);
  for (const speaker of speakers) add({ kind: "lane", label: speaker, speaker, height: lane }, 3);
  top += 7;
  add({ kind: "distribution", label: S.timeline.distribution, height: 112 }, 10);
  for (const modality of MODALITIES) {
    add({ kind: "modality", label: S.share(S.modality[modality] ?? modality), modality, height: 20 }, 3);
  }
  return { tracks, height: top };
}
