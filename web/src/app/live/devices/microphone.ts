/** The microphone, in mono, a tenth of a second at a time. */

import { W } from "../../words";
import tap from "./tap.worklet.js?raw";

/** What the models listen at, Hz. */
const RATE = 16_000;

export interface Microphone {
  /** Hz: 16 000, or the device's own where the browser cannot convert it. */
  rate: number;
  close(): void;
}

/** Ask for the microphone. `heard` gets samples from -1 to 1. Throws an error in words where there is none to be had. */
export async function openMicrophone(heard: (block: Float32Array) => void): Promise<Microphone> {
  const stream = await askFor({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: false } });
  const url = URL.createObjectURL(new Blob([tap], { type: "text/javascript" }));
  let context: AudioContext | null = null;
  try {
    context = await listenTo(stream, url, heard, { sampleRate: RATE }).catch(() => listenTo(stream, url, heard, {}));
  } finally {
    URL.revokeObjectURL(url);
    if (context === null) stop(stream);
  }
  return {
    rate: context.sampleRate,
    close() {
      stop(stream);
      void context.close();
    },
  };
}

async function listenTo(
  stream: MediaStream,
  module: string,
  heard: (block: Float32Array) => void,
  options: AudioContextOptions,
): Promise<AudioContext> {
  const context = new AudioContext(options);
  try {
    await context.audioWorklet.addModule(module);
    const node = new AudioWorkletNode(context, "tap", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
    });
    node.port.onmessage = (event: MessageEvent<Float32Array>) => heard(event.data);
    context.createMediaStreamSource(stream).connect(node);
    await context.resume();
    return context;
  } catch (error) {
    void context.close();
    throw error;
  }
}

/** Ask the browser for a device; its refusals in words. */
export async function askFor(what: MediaStreamConstraints): Promise<MediaStream> {
  // Absent, whatever the types say, where the page came over plain HTTP from another machine.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) throw new Error(W.live.insecure);
  try {
    return await devices.getUserMedia(what);
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    throw new Error(
      name === "NotAllowedError" ? W.live.notAllowed : name === "NotFoundError" ? W.live.noDevice : String(error),
    );
  }
}

export function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
