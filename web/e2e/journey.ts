/** What somebody does with the page, from the first recording to its deletion. */

import assert from "node:assert/strict";
import { statSync } from "node:fs";

import type { Page } from "playwright-core";

import type { Looker } from "./looker.ts";

export interface Journey {
  base: string;
  token: string | null;
  recording: string;
  transcript: string;
  /** Milliseconds that an analysis may take. */
  wait: number;
}

export async function open(page: Page, look: Looker, { base, token }: Journey): Promise<void> {
  await page.goto(base);
  const asked = page.getByRole("heading", { name: "asks for a token" });
  await page.locator("h1").first().waitFor();
  if (await asked.isVisible()) {
    await look.at("token");
    await page.getByLabel("Token").fill(token ?? "");
    await page.getByRole("button", { name: "Open" }).click();
  }
  await page.getByRole("heading", { name: "Recordings", level: 1 }).waitFor();
  await page.locator("#recordings [role=status]").filter({ hasText: /./ }).waitFor();
  await look.at("start");
}

/** Send files under a name, and wait until the service has taken them. */
export async function send(page: Page, look: Looker, files: string[], name: string): Promise<void> {
  await page.goto(page.url().replace(/#.*/, "#/"));
  await page.setInputFiles("#files", files);
  await page.locator(".parcels").getByLabel("Name").fill(name);
  await look.at("chosen");
  await page.getByRole("button", { name: "Analyse", exact: true }).click();
  await page.getByRole("link", { name }).waitFor();
}

export async function watch(page: Page, look: Looker, name: string, wait: number): Promise<void> {
  await page.getByRole("link", { name }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
  await look.at("waiting");
  await page.locator("#transcript").waitFor({ timeout: wait });
  await page.waitForTimeout(300); // the canvases are drawn with the next frames
  await look.at("found");
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), "H1", "the focus goes to the new heading");
}

export async function play(page: Page, look: Looker): Promise<void> {
  await page.locator("#transcript .turn").nth(2).locator("button").click();
  await page.waitForFunction(() => {
    const media = document.querySelector<HTMLMediaElement>("#player video, #player audio");
    return media !== null && media.currentTime > 0 && document.querySelector(".turn.heard") !== null;
  });
  await page.waitForFunction(() => document.querySelector<HTMLMediaElement>("#player video, #player audio")?.paused);
  await look.at("played");
}

export async function correct(page: Page, look: Looker): Promise<void> {
  const turn = page.locator("#transcript .turn.selected");
  const panel = page.locator(".correct");
  const predicted = await panel.getByLabel("It expresses").inputValue();
  const others = await panel.getByLabel("It expresses").locator("option").allTextContents();
  const other = others.find((each) => each !== predicted) ?? "";
  await panel.getByLabel("It expresses").selectOption(other);
  await panel.getByLabel("Note").fill("said with a laugh");
  await panel.getByRole("button", { name: "Save correction" }).click();
  await turn.getByText(`a person: ${other}`).waitFor();
  await look.at("corrected");
  await page.reload();
  await page.locator("#transcript .turn").nth(2).getByText(`a person: ${other}`).waitFor();
  await page.locator("#transcript .turn").nth(2).locator("button").focus();
  await page.keyboard.press("Enter");
  await panel.getByRole("button", { name: "Remove correction" }).click();
  await page.getByText("a person:").first().waitFor({ state: "hidden" });
  await panel.getByLabel("It expresses").selectOption(other);
  await panel.getByRole("button", { name: "Save correction" }).click();
  await turn.getByText(`a person: ${other}`).waitFor();
}

export async function download(page: Page, look: Looker): Promise<void> {
  await page.locator(".exports > summary").click();
  await look.at("exports");
  for (const format of ["json", "csv", "vtt"]) {
    const coming = page.waitForEvent("download");
    await page
      .locator(".exports li button")
      .filter({ hasText: new RegExp(`^${format}`) })
      .click();
    const got = await coming;
    assert.ok(statSync(await got.path()).size > 0, `the export ${format} holds something`);
    assert.match(got.suggestedFilename(), new RegExp(`\\.${format}$`));
  }
  await page.keyboard.press("Escape");
}

/** What cannot be read is refused when it is sent, or fails with a reason. */
export async function fail(page: Page, look: Looker, wait: number): Promise<void> {
  await page.goto(page.url().replace(/#.*/, "#/"));
  await page.setInputFiles("#files", {
    name: "broken.mp4",
    mimeType: "video/mp4",
    buffer: Buffer.from("not a recording"),
  });
  await page.getByRole("button", { name: "Analyse", exact: true }).click();
  const refused = page.locator(".parcels .trouble");
  const failed = page
    .locator(".item", { has: page.getByRole("link", { name: "broken" }) })
    .filter({ has: page.locator(".state.FAILED") });
  await refused.or(failed).first().waitFor({ timeout: wait });
  if (await refused.isVisible()) return look.at("refused");
  await failed.first().getByRole("link").click();
  await page.locator("#failed").waitFor();
  await look.at("failed");
  await remove(page, look, "broken");
}

export async function compare(page: Page, look: Looker, one: string, other: string, wait: number): Promise<void> {
  await page.goto(page.url().replace(/#.*/, "#/"));
  for (const name of [one, other]) {
    await page
      .locator(".item", { has: page.getByRole("link", { name }) })
      .filter({ has: page.locator(".state.COMPLETED") })
      .waitFor({ timeout: wait });
  }
  await look.at("list");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Compare" }).click();
  for (const [label, name] of [
    ["First", one],
    ["Second", other],
  ] as const) {
    const field = page.getByLabel(label);
    const value = await field.locator("option").filter({ hasText: name }).first().getAttribute("value");
    await field.selectOption(value);
  }
  await page.getByRole("button", { name: "Compare" }).click();
  await page.locator("#by-speaker").waitFor();
  await page.waitForTimeout(300);
  await look.at("compared");
}

export async function remove(page: Page, look: Looker, name: string): Promise<void> {
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await look.at("delete");
  await page.getByRole("button", { name: "Delete for good" }).click();
  await page.getByText("nothing of it is left").waitFor();
  await look.at("receipt");
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("heading", { name: "Recordings", level: 1 }).waitFor();
  await page.locator("#recordings [role=status]").filter({ hasText: /./ }).waitFor();
  assert.equal(await page.getByRole("link", { name, exact: true }).count(), 0, `${name} is no longer in the list`);
}
