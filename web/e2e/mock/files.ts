/** Files that the mock service sends: the page, the recording of the sample, exports. */

import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";

const PACKAGE = new URL("../../../src/crossgate/", import.meta.url);
const HEADERS = { "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer" };

export function sendPage(answer: ServerResponse): void {
  const page = readFileSync(new URL("serving/page/app.html", PACKAGE));
  answer.writeHead(200, { ...HEADERS, "Content-Type": "text/html; charset=utf-8" });
  answer.end(page);
}

/** The recording, or the part of it that is asked for: browsers jump in it by that. */
export function sendMedia(request: IncomingMessage, answer: ServerResponse): void {
  const media = readFileSync(new URL("sample/talk.mp4", PACKAGE));
  const head = { ...HEADERS, "Content-Type": "video/mp4", "Accept-Ranges": "bytes" };
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  if (asked === null) {
    answer.writeHead(200, { ...head, "Content-Length": media.length });
    return void answer.end(media);
  }
  const from = Number(asked[1]);
  const to = asked[2] ? Math.min(Number(asked[2]), media.length - 1) : media.length - 1;
  answer.writeHead(206, {
    ...head,
    "Content-Range": `bytes ${from}-${to}/${media.length}`,
    "Content-Length": to - from + 1,
  });
  answer.end(media.subarray(from, to + 1));
}

export function sendFile(answer: ServerResponse, name: string, body: string): void {
  const disposition = `attachment; filename="${name.replace(/[^\w.-]/g, "_")}"; filename*=UTF-8''${encodeURIComponent(name)}`;
  answer.writeHead(200, { ...HEADERS, "Content-Type": "application/octet-stream", "Content-Disposition": disposition });
  answer.end(body);
}
