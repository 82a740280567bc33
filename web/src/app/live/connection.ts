/** The WebSocket of a live conversation. */

import { token } from "../api/token";
import { W } from "../words";
import type { Answer, Said } from "./types";

export class Connection {
  private next = 1;

  private constructor(
    private readonly socket: WebSocket,
    answered: (answer: Answer) => void,
    closed: (reason: string) => void,
  ) {
    socket.addEventListener("message", (event) => answered(JSON.parse(String(event.data)) as Answer));
    socket.addEventListener("close", (event) => closed(event.reason || (event.code === 1000 ? "" : W.live.lost)));
  }

  /** Resolves once the service has taken the connection; `closed` is told why it ended, empty where it was asked to. */
  static open(answered: (answer: Answer) => void, closed: (reason: string) => void): Promise<Connection> {
    const url = new URL("/v1/live", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.hash = "";
    const known = token();
    const protocols = ["crossgate.v1", ...(known === null ? [] : [`crossgate.bearer.${known}`])];
    const socket = new WebSocket(url, protocols);
    return new Promise((resolve, reject) => {
      const failed = (): void => reject(new Error(W.live.refused));
      socket.addEventListener("close", failed, { once: true });
      socket.addEventListener(
        "open",
        () => {
          socket.removeEventListener("close", failed);
          resolve(new Connection(socket, answered, closed));
        },
        { once: true },
      );
    });
  }

  /** Everybody who is heard or seen has agreed: asked before this is called. */
  start(policy: string): void {
    this.send({ type: "start", policy: policy || null, consent: true });
  }

  /** Number by which the answer can be told. */
  say(said: Said): number {
    const id = this.next;
    this.next += 1;
    this.send({ type: "utterance", id, ...said });
    return id;
  }

  end(): void {
    this.send({ type: "end" });
  }

  close(): void {
    this.socket.close(1000);
  }

  private send(message: unknown): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }
}
