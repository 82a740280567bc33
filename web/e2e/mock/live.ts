/** The mock's live conversation: answers that depend on the length of the words, and on nothing else. */

import type { Server } from "node:http";

import { WebSocketServer } from "ws";

import { fixture } from "./store.ts";

interface Message {
  type: string;
  policy?: string | null;
  consent?: boolean;
  id?: unknown;
  text?: string | null;
  audio?: { rate: number; pcm16: string } | null;
  faces?: string[];
}

/** `fixed`: the policy that every conversation keeps to; null where people may choose. */
export function serveLive(server: Server, token: string | null, fixed: string | null): void {
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => "crossgate.v1" });
  const { labels } = fixture("talk").result;
  server.on("upgrade", (request, socket, head) => {
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((each) => each.trim());
    const known = token === null || offered.includes(`crossgate.bearer.${token}`);
    if (request.url !== "/v1/live" || !offered.includes("crossgate.v1") || !known) return void socket.destroy();
    sockets.handleUpgrade(request, socket, head, (client) => {
      let modalities: string[] = [];
      let turns = 0;
      const answer = (message: unknown): void => client.send(JSON.stringify(message));
      client.on("message", (data) => {
        const message = JSON.parse(String(data)) as Message;
        if (message.type === "start") {
          if (message.consent !== true) return answer({ type: "error", problem: { title: "consent is missing" } });
          const policy = fixed ?? message.policy;
          modalities = policy ? ["text"] : ["text", "audio", "visual"];
          const notice = policy ? `Policy ${policy}: emotions are read from text alone, not from voice or face.` : null;
          return answer({ type: "ready", labels, model: "mock-live", modalities, notice });
        }
        if (message.type === "end") {
          answer({ type: "ended", utterances: turns });
          return client.close(1000);
        }
        if (!message.text && !message.audio) {
          return answer({
            type: "error",
            id: message.id,
            problem: { title: "Nothing was said", detail: "give text or sound" },
          });
        }
        turns += 1;
        return answer(predict(message, labels, modalities));
      });
    });
  });
}

function predict(message: Message, labels: readonly string[], modalities: readonly string[]): unknown {
  const length = message.text?.length ?? message.audio?.pcm16.length ?? 0;
  const weights = labels.map((_, at) => 1 / (1 + ((at + length) % labels.length)) ** 2);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const probabilities = Object.fromEntries(labels.map((label, at) => [label, (weights[at] ?? 0) / sum]));
  const [emotion = "", confidence = 0] = Object.entries(probabilities).sort(([, a], [, b]) => b - a)[0] ?? [];
  const given: Record<string, boolean> = {
    text: Boolean(message.text),
    audio: modalities.includes("audio") && Boolean(message.audio),
    visual: modalities.includes("visual") && (message.faces ?? []).length > 0,
  };
  const there = Object.values(given).filter(Boolean).length;
  return {
    type: "prediction",
    id: message.id,
    emotion,
    confidence,
    abstained: confidence < 0.5 || length % 4 === 0,
    probabilities,
    shares: Object.fromEntries(Object.entries(given).map(([name, is]) => [name, is ? 1 / there : 0])),
    views: {},
    modalities: Object.fromEntries(
      Object.entries(given).map(([name, is]) => [name, { present: is, note: is ? null : "not sent" }]),
    ),
  };
}
