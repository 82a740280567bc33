/** Server-sent events, read with `fetch`: `EventSource` could not send a token. */

import { type Api, pathOf } from "./client";
import { ApiError } from "./problem";
import { isOver, type Recording } from "./types";

export interface ServerEvent {
  event: string;
  data: string;
}

/** Takes a stream of text apart, as the HTML standard describes text/event-stream. */
export class EventReader {
  private rest = "";
  private event = "";
  private data: string[] = [];

  /** The events that end in this piece. */
  read(piece: string): ServerEvent[] {
    const found: ServerEvent[] = [];
    const text = this.rest + piece;
    // A carriage return at the very end may be the first half of a line end.
    const whole = text.endsWith("\r") ? text.slice(0, -1) : text;
    const lines = whole.split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? "") + text.slice(whole.length);
    for (const line of lines) this.line(line, found);
    return found;
  }

  private line(line: string, found: ServerEvent[]): void {
    if (line === "") {
      if (this.data.length > 0) found.push({ event: this.event || "message", data: this.data.join("\n") });
      this.event = "";
      this.data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment: the heartbeat
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.event = value;
    else if (field === "data") this.data.push(value);
  }
}

/** Seconds to wait before a lost stream is opened anew. */
const AGAIN = [1, 2, 5, 10];

/**
 * Tell of every change of a recording until it is over; `null` where it has been deleted. A lost connection is taken
 * up again.
 */
export async function follow(
  api: Api,
  id: string,
  tell: (recording: Recording | null) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let lost = 0; !signal.aborted; lost += 1) {
    try {
      if (await readEvents(api, id, tell, signal)) return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status === 404) return tell(null);
      if (error instanceof ApiError && error.status < 500 && error.status !== 429) throw error;
    }
    await pause((AGAIN[Math.min(lost, AGAIN.length - 1)] ?? 10) * 1000, signal);
  }
}

/** Whether there is nothing more to come. */
async function readEvents(
  api: Api,
  id: string,
  tell: (recording: Recording | null) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const answer = await api.send("GET", `${pathOf(id)}/events`, undefined, signal, "text/event-stream");
  if (answer.body === null) return false;
  const reader = new EventReader();
  const stream = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await stream.read();
    if (done) return false;
    for (const { event, data } of reader.read(value)) {
      if (event === "gone") {
        tell(null);
        return true;
      }
      if (event !== "progress") continue;
      const recording = JSON.parse(data) as Recording;
      tell(recording);
      if (isOver(recording)) {
        await stream.cancel();
        return true;
      }
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
