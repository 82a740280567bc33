/** The camera of a live conversation, on or off. */

import { el } from "../../dom";
import { wordsOfError } from "../api/problem";
import { W } from "../words";
import { Camera } from "./devices/camera";

export interface Sight {
  element: HTMLElement;
  /** A turn begins. */
  begin(): void;
  /** The turn is over: the picture from its middle, if there is a camera. */
  middle(): string[];
  /** There was no turn. */
  forget(): void;
}

/** `status`: where it is said what the camera does. */
export function makeSight(status: HTMLElement, signal: AbortSignal): Sight {
  const video = el("video", { attributes: { playsinline: "", "aria-label": W.live.preview } });
  video.muted = true;
  video.hidden = true;
  let camera: Camera | null = null;
  const on = el("input", {
    attributes: { type: "checkbox", name: "camera" },
    on: { change: () => void toggle() },
  });

  async function toggle(): Promise<void> {
    camera?.close();
    camera = null;
    status.textContent = "";
    try {
      if (on.checked) {
        camera = await Camera.open(video);
        status.textContent = W.live.seeing;
      }
    } catch (error) {
      on.checked = false;
      status.textContent = wordsOfError(error);
    }
    video.hidden = !on.checked;
    if (signal.aborted) camera?.close();
  }

  signal.addEventListener("abort", () => camera?.close());
  return {
    element: el("div", { class: "sight" }, el("label", {}, on, W.live.camera), video),
    begin() {
      if (camera !== null && !camera.running) camera.begin();
    },
    middle: () => camera?.middle() ?? [],
    forget: () => camera?.forget(),
  };
}
