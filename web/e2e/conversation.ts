/** A live conversation: typed, spoken and seen, and one under a policy that limits it to text. */

import assert from "node:assert/strict";

import type { Page } from "playwright-core";

import type { Looker } from "./looker.ts";

async function begin(page: Page, look: Looker, policy: string): Promise<void> {
  await page.goto(page.url().replace(/#.*/, "#/"));
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Live" }).click();
  const start = page.getByRole("button", { name: "Start", exact: true });
  await start.waitFor();
  await start.click();
  assert.equal(await page.locator(".log").count(), 0, "nothing begins without consent");
  if (policy === "") await look.at("consent");
  const choice = page.getByLabel("Usage policy");
  if (policy !== "" && (await choice.count()) > 0) await choice.selectOption(policy);
  await page.getByLabel("agrees").check();
  await start.click();
  await page.locator(".composer").waitFor();
}

async function type(page: Page, words: string, turns: number): Promise<void> {
  await page.getByLabel("What is said").fill(words);
  await page.keyboard.press("Enter");
  await answered(page, turns);
}

async function answered(page: Page, turns: number): Promise<void> {
  await page
    .locator(".log .result")
    .nth(turns - 1)
    .waitFor();
}

/** `devices`: whether microphone and camera are tried; the browser has to have made-up ones. */
export async function converse(page: Page, look: Looker, devices: boolean): Promise<void> {
  await begin(page, look, "");
  await type(page, "You did what?", 1);
  await page.getByLabel("Speaker", { exact: true }).fill("Ben");
  await type(page, "I told you last week, and you said it was fine.", 2);
  let turns = 2;
  const microphone = page.getByLabel("while a button is held");
  if (devices && (await microphone.count()) > 0) {
    await page.getByRole("checkbox", { name: "Camera" }).check();
    await page.getByText("One picture from the middle").last().waitFor();
    await microphone.check();
    const hold = page.getByRole("button", { name: "Hold to speak" });
    await hold.focus();
    await page.keyboard.down("Space");
    await page.waitForTimeout(1200);
    await page.keyboard.up("Space");
    turns += 1;
    await answered(page, turns);
    await page
      .locator(".log")
      .getByText(/spoken.*with a picture/)
      .waitFor();
  }
  await look.at("live");
  await page.getByRole("button", { name: "End the conversation" }).click();
  await page.getByText("Nothing of it was stored").waitFor();
  await look.at("live-over");
}

export async function converseUnderPolicy(page: Page, look: Looker): Promise<void> {
  await begin(page, look, "eu-work-education");
  await page.locator(".notice.policy").waitFor();
  assert.equal(
    await page.getByRole("checkbox", { name: "Camera" }).count(),
    0,
    "no camera is offered where text alone is read",
  );
  await type(page, "Oh my God, we won!", 1);
  await look.at("live-policy");
}
