import { defineConfig } from "vite";

import { PAGES, singleFile } from "./tools/single_file.ts";

/** One HTML file with nothing beside it, written where the Python package looks for it; `--mode` names the page. */
export default defineConfig(({ mode, command }) => {
  // Tests build nothing.
  if (command === "serve") return {};
  const page = PAGES[mode];
  if (page === undefined)
    throw new Error(`no page ${mode}: build with --mode ${Object.keys(PAGES).join(" or --mode ")}`);
  return {
    plugins: [singleFile(page)],
    build: {
      target: "es2022",
      modulePreload: false,
      assetsInlineLimit: Number.MAX_SAFE_INTEGER,
      rolldownOptions: { input: page.entry },
    },
  };
});
