/** Files from the service, fetched with the token and given to the browser to keep. */

import type { Api } from "./client";

/** Fetch a file and offer it under the name the service gives it. Returns that name. */
export async function download(api: Api, path: string, otherwise: string): Promise<string> {
  const answer = await api.send("GET", path);
  const name = nameIn(answer.headers.get("Content-Disposition")) ?? otherwise;
  const url = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken hold of it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return name;
}

/** The file's name in a Content-Disposition (RFC 6266); null where there is none. */
export function nameIn(header: string | null): string | null {
  const extended = /filename\*\s*=\s*UTF-8''([^;]+)/i.exec(header ?? "");
  if (extended?.[1] !== undefined) {
    try {
      return decodeURIComponent(extended[1].trim());
    } catch {
      // Badly encoded: the plain name has to do.
    }
  }
  const plain = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]+))/i.exec(header ?? "");
  return plain?.[1]?.replace(/\\(.)/g, "$1") ?? plain?.[2]?.trim() ?? null;
}
