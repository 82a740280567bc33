/**
 * `npm run e2e -- --base URL [--token cg_...] [--out FOLDER] [--only 1280-light] [--wait SECONDS] [--no-devices]`
 *
 * Goes through the page of any service that speaks the API, the mock's or the real one's, in a browser that is
 * installed. Prints what is wrong and ends with 1 where anything is.
 */

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { type Browser, chromium } from "playwright-core";

import { converse, converseUnderPolicy } from "./conversation.ts";
import { compare, correct, download, fail, type Journey, open, play, remove, send, watch } from "./journey.ts";
import { Looker } from "./looker.ts";

const sample = (name: string): string => fileURLToPath(new URL(`../../src/crossgate/sample/${name}`, import.meta.url));

const { values } = parseArgs({
  options: {
    base: { type: "string" },
    token: { type: "string" },
    out: { type: "string", default: "dist/e2e" },
    only: { type: "string" },
    wait: { type: "string", default: "300" },
    browser: { type: "string", default: "/usr/bin/chromium" },
    recording: { type: "string", default: sample("talk.mp4") },
    transcript: { type: "string", default: sample("talk.vtt") },
    "no-devices": { type: "boolean", default: false },
  },
});
if (values.base === undefined) {
  console.error("--base is missing: the address of the service, such as http://127.0.0.1:8765/");
  process.exit(2);
}
const journey: Journey = {
  base: values.base.replace(/\/?$/, "/"),
  token: values.token ?? null,
  recording: values.recording,
  transcript: values.transcript,
  wait: Number(values.wait) * 1000,
};

const LOOKS = [360, 1280].flatMap((width) => (["light", "dark"] as const).map((theme) => ({ width, theme })));

async function walk(browser: Browser, { width, theme }: (typeof LOOKS)[number]): Promise<string[]> {
  const name = `${width}-${theme}`;
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 780 : 900 },
    colorScheme: theme,
    acceptDownloads: true,
    permissions: ["microphone", "camera"],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const look = new Looker(page, journey.base, values.out, name);
  // Beside others, should the service have some already.
  const [talk, words] = [`The letter ${name} ${process.pid}`, `Words alone ${name} ${process.pid}`];
  const step = (words_: string): void => console.log(`${name}: ${words_}`);
  try {
    step("open");
    await open(page, look, journey);
    step("send a recording with its transcript, and watch");
    await send(page, look, [journey.recording, journey.transcript], talk);
    await watch(page, look, talk, journey.wait);
    step("play a turn");
    await play(page, look);
    step("correct a turn");
    await correct(page, look);
    step("download three exports");
    await download(page, look);
    step("send a transcript alone, and compare");
    await send(page, look, [journey.transcript], words);
    await compare(page, look, talk, words, journey.wait);
    step("send what cannot be read");
    await fail(page, look, journey.wait);
    step("talk");
    await converse(page, look, !values["no-devices"]);
    await converseUnderPolicy(page, look);
    step("delete");
    for (const each of [talk, words]) {
      await page.goto(`${journey.base}#/`);
      await page.getByRole("link", { name: each }).click();
      await page.locator("#transcript").waitFor();
      await remove(page, look, each);
    }
  } catch (error) {
    look.complain(String(error));
    await page.screenshot({ path: `${values.out}/${name}-stopped.png`, fullPage: true }).catch(() => undefined);
  }
  await context.close();
  return look.complaints;
}

mkdirSync(values.out, { recursive: true });
const browser = await chromium.launch({
  executablePath: values.browser,
  args: [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
  ],
});
const complaints: string[] = [];
for (const look of LOOKS) {
  if (values.only === undefined || values.only === `${look.width}-${look.theme}`)
    complaints.push(...(await walk(browser, look)));
}
await browser.close();
console.log(complaints.length === 0 ? `all well; pictures in ${values.out}` : complaints.join("\n"));
process.exitCode = complaints.length === 0 ? 0 : 1;
