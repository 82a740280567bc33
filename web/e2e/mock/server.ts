/** A service that speaks the API of the real one and analyses nothing: for looking at the page. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

import type { Problem } from "../../src/app/api/types.ts";
import { sendFile, sendMedia, sendPage } from "./files.ts";
import { serveLive } from "./live.ts";
import { fixture, type Kept, Store } from "./store.ts";

export interface MockSettings {
  /** Wanted from everybody; null for none. */
  token: string | null;
  /** Milliseconds for each of the five steps of an analysis. */
  step: number;
  policy: string | null;
}

export function mock(store: Store, settings: MockSettings): Server {
  const server = createServer((request, answer) => {
    handle(store, settings, request, answer).catch((error: unknown) => {
      problem(answer, { title: "The mock failed", status: 500, detail: String(error) });
    });
  });
  serveLive(server, settings.token, settings.policy);
  return server;
}

async function handle(
  store: Store,
  settings: MockSettings,
  request: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const { method = "GET" } = request;
  if (url.pathname === "/") return sendPage(answer);
  if (settings.token !== null && request.headers.authorization !== `Bearer ${settings.token}`) {
    return problem(answer, { title: "A token is needed", status: 401 });
  }
  if (url.pathname === "/v1/me") return json(answer, 200, me(settings));
  if (url.pathname === "/v1/corpus") return sendFile(answer, "corpus.zip", "none");
  const [, id, part, more] = /^\/v1\/recordings(?:\/([^/]+)(?:\/([^/]+)(?:\/(.+))?)?)?$/.exec(url.pathname) ?? [];
  if (url.pathname === "/v1/recordings") {
    if (method === "POST") return take(store, settings, request, answer);
    return json(answer, 200, listing(store, url.searchParams));
  }
  const kept = store.kept.get(id ?? "");
  if (kept === undefined) return problem(answer, { title: "There is no such recording", status: 404 });
  if (part === undefined) return method === "DELETE" ? remove(store, kept, answer) : json(answer, 200, kept.recording);
  if (part === "events") return events(kept, answer);
  if (part === "corrections") return corrections(store, kept, method, more, request, answer);
  if (kept.recording.state !== "COMPLETED") return problem(answer, { title: "There is no result yet", status: 409 });
  if (part === "view") {
    const media = kept.view.result.media.kind === "video" ? `/v1/recordings/${kept.recording.id}/media` : null;
    return json(answer, 200, { ...kept.view, media });
  }
  if (part === "result") return json(answer, 200, kept.view.result);
  if (part === "media") return sendMedia(request, answer);
  if (part === "exports")
    return sendFile(answer, `${kept.recording.name}.${more ?? ""}`, JSON.stringify(kept.view.result));
  return problem(answer, { title: "There is no such thing", status: 404 });
}

function me(settings: MockSettings): unknown {
  const { result, colours } = fixture("talk");
  return {
    project: "default",
    scopes: ["read", "write", "admin"],
    labels: result.labels,
    colours,
    model: result.model.name,
    live_model: "mock-live",
    policy: settings.policy,
    limits: { bytes: 2_000_000_000, seconds: 14_400 },
    retention_days: 30,
    version: result.model.version,
  };
}

function listing(store: Store, query: URLSearchParams): unknown {
  const asked = (name: string): string => query.get(name) ?? "";
  const found = [...store.kept.values()]
    .map(({ recording }) => recording)
    .filter((each) => asked("state") === "" || each.state === asked("state"))
    .filter((each) => each.name.toLowerCase().includes(asked("name").toLowerCase()))
    .filter((each) => asked("speaker") === "" || (each.speakers ?? []).some((name) => name.includes(asked("speaker"))))
    .filter((each) => asked("emotion") === "" || (each.emotions?.[asked("emotion")] ?? 0) > 0)
    .sort((a, b) => (a.created < b.created ? 1 : -1));
  const from = Number(asked("cursor") || "0");
  const to = from + Number(asked("limit") || "50");
  return { items: found.slice(from, to), next: to < found.length ? String(to) : null };
}

async function take(
  store: Store,
  settings: MockSettings,
  request: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request);
  const type = request.headers["content-type"] ?? "";
  const form = await new Response(new Uint8Array(body), { headers: { "Content-Type": type } }).formData();
  const [recording, transcript] = [form.get("recording"), form.get("transcript")];
  const file = recording instanceof File ? recording : transcript;
  if (!(file instanceof File)) return problem(answer, { title: "Nothing was sent", status: 422 });
  const named = form.get("name");
  const kept = store.add(typeof named === "string" ? named : file.name, {
    view: fixture(recording === null ? "chat" : "talk"),
    hasTranscript: transcript !== null,
    bytes: file.size,
  });
  store.analyse(kept, settings.step, /broken/i.test(file.name) ? BROKEN : undefined);
  answer.setHeader("Location", `/v1/recordings/${kept.recording.id}`);
  return json(answer, 202, kept.recording);
}

export const BROKEN: Problem = {
  title: "The recording cannot be read",
  status: 422,
  detail: "broken.mp4 ends after 3.1 s of 20.0 s, in the middle of a frame. Copy it again, or cut it with ffmpeg.",
};

function events(kept: Kept, answer: ServerResponse): void {
  answer.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  const tell = (now: typeof kept.recording | null): void => {
    answer.write(now === null ? "event: gone\ndata: {}\n\n" : `event: progress\ndata: ${JSON.stringify(now)}\n\n`);
    if (now === null || now.state === "COMPLETED" || now.state === "FAILED") {
      kept.listeners.delete(tell);
      answer.end();
    }
  };
  answer.write(": here\n\n");
  kept.listeners.add(tell);
  answer.on("close", () => kept.listeners.delete(tell));
  tell(kept.recording);
}

async function corrections(
  store: Store,
  kept: Kept,
  method: string,
  turn: string | undefined,
  request: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  if (turn === undefined) return json(answer, 200, { items: [...kept.corrections.values()] });
  const id = decodeURIComponent(turn);
  if (method === "DELETE") {
    kept.corrections.delete(id);
    answer.writeHead(204).end();
  } else {
    const { emotion, note } = JSON.parse(String(await bodyOf(request))) as { emotion: string; note: string | null };
    const predicted = kept.view.result.utterances.find((each) => each.id === id)?.emotion ?? "";
    const one = { utterance_id: id, predicted, emotion, note, author: "you", created: new Date().toISOString() };
    kept.corrections.set(id, one);
    json(answer, 200, one);
  }
  store.change(kept, { corrections: kept.corrections.size });
}

function remove(store: Store, kept: Kept, answer: ServerResponse): void {
  store.remove(kept);
  json(answer, 200, {
    id: kept.recording.id,
    deleted: new Date().toISOString(),
    removed: { files: kept.files, bytes: kept.recording.bytes, rows: 1 + kept.corrections.size },
    remaining: { files: 0, rows: 0 },
  });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function json(answer: ServerResponse, status: number, body: unknown): void {
  answer.writeHead(status, { "Content-Type": "application/json" });
  answer.end(JSON.stringify(body));
}

function problem(answer: ServerResponse, body: Problem): void {
  answer.writeHead(body.status ?? 500, { "Content-Type": "application/problem+json" });
  answer.end(JSON.stringify(body));
}
