/** The recording, for the player to play. */

import type { Api } from "../api/client";
import { token } from "../api/token";
import { wordsOfError } from "../api/problem";
import { bytes } from "../format";
import { W } from "../words";

/**
 * URL that a player can play; null where there is none. A player cannot send a token, so where one is needed the
 * recording is fetched first, and `said` is told how far that is. `without` leaves it out.
 */
export async function playable(
  api: Api,
  url: string | null,
  signal: AbortSignal,
  without: AbortSignal,
  said: (words: string) => void,
): Promise<string | null> {
  if (url === null || token() === null) return url;
  try {
    const answer = await api.send("GET", url, undefined, AbortSignal.any([signal, without]));
    const total = Number(answer.headers.get("Content-Length") ?? 0);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let got = 0;
    const reader = answer.body?.getReader();
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done || value === undefined) break;
      parts.push(value);
      got += value.byteLength;
      said(W.media.fetching(bytes(got), total > 0 ? bytes(total) : ""));
    }
    const made = URL.createObjectURL(new Blob(parts, { type: answer.headers.get("Content-Type") ?? "" }));
    signal.addEventListener("abort", () => URL.revokeObjectURL(made));
    return made;
  } catch (error) {
    if (!without.aborted) said(wordsOfError(error));
    return null;
  }
}
