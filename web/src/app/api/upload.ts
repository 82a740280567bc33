/** Sending a recording; `fetch` does not tell how far an upload is. */

import type { Api } from "./client";
import { authorization } from "./token";
import type { Recording } from "./types";

export interface Parcel {
  recording: File | null;
  transcript: File | null;
  name: string;
  policy: string;
}

/** What is sent; a transcript alone is a text to analyse. */
export function formOf(parcel: Parcel): FormData {
  const form = new FormData();
  // Fields before files, so that a server that reads the stream knows them in time.
  if (parcel.name.trim() !== "") form.set("name", parcel.name.trim());
  if (parcel.policy !== "") form.set("settings", JSON.stringify({ policy: parcel.policy }));
  if (parcel.recording !== null) form.set("recording", parcel.recording);
  if (parcel.transcript !== null) form.set("transcript", parcel.transcript);
  return form;
}

/** Send it. `sent` is told the share that has gone out, 0 to 1. */
export function upload(
  api: Api,
  parcel: Parcel,
  sent: (share: number) => void,
  signal: AbortSignal,
): Promise<Recording> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/recordings");
    request.setRequestHeader("Accept", "application/json");
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) sent(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as Recording);
      else reject(api.failure(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    });
    request.addEventListener("error", () => reject(new TypeError("no answer")));
    request.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    request.send(formOf(parcel));
  });
}
