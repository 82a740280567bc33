import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Everything the built pages depend on; tests/report/test_page_sources.py has the same list. */
const FILES = [
  ".npmrc",
  "app.html",
  "index.html",
  "package-lock.json",
  "package.json",
  "tsconfig.json",
  "vite.config.ts",
];
const FOLDERS = ["src", "tools"];

/** SHA-256 over the sources: for each, in the order of the paths, its path, a zero byte, its bytes, a zero byte. */
export function hashOfSources(root: string): string {
  const paths = [...FILES, ...FOLDERS.flatMap((folder) => filesBelow(root, folder))].sort(byCodePoint);
  const hash = createHash("sha256");
  for (const path of paths) {
    hash
      .update(path)
      .update("\0")
      .update(readFileSync(join(root, path)))
      .update("\0");
  }
  return hash.digest("hex");
}

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(root, path) : [path];
  });
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
