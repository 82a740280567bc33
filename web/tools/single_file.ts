import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import type { Plugin, Rolldown } from "vite";

import { hashOfSources } from "./sources.ts";

/** Libraries whose code is in the page; their licences ask for their notices to go along. */
const BUNDLED = [
  "d3-array",
  "d3-color",
  "d3-format",
  "d3-interpolate",
  "d3-path",
  "d3-scale",
  "d3-shape",
  "d3-time",
  "d3-time-format",
  "internmap",
];

/** A page that is built. */
export interface Page {
  /** The HTML it starts from, in the folder of the sources. */
  entry: string;
  /** Where it is written. */
  target: string;
  /** What it may load besides its script and its style, as rules of a content security policy; scripts apart. */
  rules: readonly string[];
  /** Where scripts may come from besides the page itself. */
  scripts: readonly string[];
}

export const PAGES: Record<string, Page> = {
  report: {
    entry: "index.html",
    target: "../src/crossgate/report/page/viewer.html",
    rules: ["media-src 'self' file: data: blob:"],
    scripts: [],
  },
  app: {
    entry: "app.html",
    target: "../src/crossgate/serving/page/app.html",
    // Its own service alone; blobs are what it made itself: a recording fetched with a token, and the microphone's module.
    rules: ["connect-src 'self'", "media-src 'self' blob:", "img-src data:"],
    scripts: ["blob:"],
  },
};

/**
 * Puts script and style into the page itself, allows these two and nothing else to run, and writes the page.
 *
 * The script goes to the end of the body: an inline script cannot be deferred.
 */
export function singleFile({ target, rules, scripts }: Page): Plugin {
  let root = "";
  return {
    name: "crossgate-single-file",
    apply: "build",
    enforce: "post",
    configResolved(config) {
      root = config.root;
    },
    generateBundle(_options, bundle) {
      const page = textOf(bundle, ".html");
      const script = textOf(bundle, ".js").trim().replaceAll("</script", "<\\/script");
      const style = textOf(bundle, ".css").trim();
      const html = page
        .replace(/\s*<script type="module"[^>]*><\/script>/, "")
        .replace(/\s*<link rel="stylesheet"[^>]*>/, "")
        .replace("<!--policy-->", () => policy(script, style, scripts, rules) + sources(root))
        .replace("<!--style-->", () => `<style>${style}</style>`)
        .replace("<!--script-->", () => `<script>${script}</script>`)
        .replace("<!--licences-->", () => licences(root));
      const file = resolve(root, target);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, html);
      this.info(`${file}: ${Math.round(Buffer.byteLength(html) / 1024)} KiB`);
    },
  };
}

/** The one file of the bundle that ends so. */
function textOf(bundle: Rolldown.OutputBundle, ending: string): string {
  const found = Object.values(bundle).filter((output) => output.fileName.endsWith(ending));
  if (found.length !== 1 || found[0] === undefined) {
    throw new Error(`expected one ${ending} in the bundle, found ${found.length}`);
  }
  return found[0].type === "chunk" ? found[0].code : String(found[0].source);
}

function policy(script: string, style: string, scripts: readonly string[], loaded: readonly string[]): string {
  const rules = [
    "default-src 'none'",
    `script-src ${[`'${digest(script)}'`, ...scripts].join(" ")}`,
    `style-src '${digest(style)}'`,
    ...loaded,
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return `<meta http-equiv="Content-Security-Policy" content="${rules.join("; ")}" />`;
}

function sources(root: string): string {
  return `\n    <meta name="crossgate-sources" content="${hashOfSources(root)}" />`;
}

function digest(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function licences(root: string): string {
  const notices = BUNDLED.map((name) => {
    const words = readFileSync(join(root, "node_modules", name, "LICENSE"), "utf8").trim();
    return `${name}\n\n${words}`;
  });
  const text = `Parts of this page:\n\n${notices.join("\n\n----\n\n")}\n`;
  return `<!--\n${text.replaceAll("--", "- -")}-->`;
}
