import { defineConfig } from "vite";

import { singleFile } from "./tools/single_file.ts";

/** One HTML file with nothing beside it, written where the Python package looks for it. */
export default defineConfig({
  plugins: [singleFile("../src/crossgate/report/page/viewer.html")],
  build: { target: "es2022", modulePreload: false, assetsInlineLimit: Number.MAX_SAFE_INTEGER },
});
