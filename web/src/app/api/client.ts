/** Requests to the service that the page came from. */

import type { Content } from "../../content";
import { ApiError, problemOf } from "./problem";
import { authorization } from "./token";
import type { Correction, Me, Receipt, Recording, RecordingPage } from "./types";

export interface Listing {
  state: string;
  name: string;
  speaker: string;
  emotion: string;
}

/** Told where the service wants a token, or another one. */
export type Refused = () => void;

export class Api {
  constructor(private readonly refused: Refused) {}

  me = (): Promise<Me> => this.json("GET", "/v1/me");

  list(listing: Listing, cursor: string | null, limit: number, signal?: AbortSignal): Promise<RecordingPage> {
    return this.json("GET", `/v1/recordings?${queryOf(listing, cursor, limit)}`, undefined, signal);
  }

  recording = (id: string, signal?: AbortSignal): Promise<Recording> => this.json("GET", pathOf(id), undefined, signal);
  view = (id: string, signal?: AbortSignal): Promise<Content> =>
    this.json("GET", `${pathOf(id)}/view`, undefined, signal);
  remove = (id: string): Promise<Receipt> => this.json("DELETE", pathOf(id));

  async corrections(id: string): Promise<Correction[]> {
    const found: { items: Correction[] } = await this.json("GET", `${pathOf(id)}/corrections`);
    return found.items;
  }
  correct = (id: string, utterance: string, emotion: string, note: string | null): Promise<Correction> =>
    this.json("PUT", `${pathOf(id)}/corrections/${encodeURIComponent(utterance)}`, { emotion, note });
  async uncorrect(id: string, utterance: string): Promise<void> {
    await this.send("DELETE", `${pathOf(id)}/corrections/${encodeURIComponent(utterance)}`);
  }

  /** The answer, whatever it holds; its body still to be read. Throws ApiError where it is no success. */
  async send(method: string, path: string, body?: unknown, signal?: AbortSignal, accept?: string): Promise<Response> {
    const headers: Record<string, string> = { ...authorization() };
    if (accept !== undefined) headers["Accept"] = accept;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const answer = await fetch(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!answer.ok) throw this.failure(answer.status, await answer.text(), answer.headers.get("Retry-After"));
    return answer;
  }

  failure(status: number, body: string, retryAfter: string | null): ApiError {
    if (status === 401) this.refused();
    return problemOf(status, body, retryAfter);
  }

  private async json<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    return (await (await this.send(method, path, body, signal, "application/json")).json()) as T;
  }
}

export function pathOf(id: string): string {
  return `/v1/recordings/${encodeURIComponent(id)}`;
}

/** The query of a list; what is empty is not asked for. */
export function queryOf(listing: Listing, cursor: string | null, limit: number): string {
  const query = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries(listing)) if (value !== "") query.set(name, value);
  if (cursor !== null) query.set("cursor", cursor);
  return query.toString();
}
