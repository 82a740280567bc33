/** Looks at every screen: takes a picture, asks axe, measures whether anything sticks out. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  id: string;
  help: string;
  nodes: { target: string[]; failureSummary?: string }[];
}

export class Looker {
  private number = 0;
  readonly complaints: string[] = [];

  constructor(
    private readonly page: Page,
    origin: string,
    private readonly folder: string,
    private readonly look: string,
  ) {
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !/^(blob|data):/.test(url)) this.complain(`asks another host: ${url}`);
    });
    page.on("pageerror", (error) => this.complain(`error in the page: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !/status of 4\d\d/.test(message.text()))
        this.complain(`console: ${message.text()}`);
    });
  }

  complain(words: string): void {
    this.complaints.push(`${this.look}: ${words}`);
  }

  /** The screen as it is now, under this name. */
  async at(name: string): Promise<void> {
    this.number += 1;
    // Rows that are out of sight are not drawn; here everything is looked at.
    await this.page.evaluate(() => {
      for (const row of document.querySelectorAll<HTMLElement>(".turn")) row.style.contentVisibility = "visible";
    });
    const file = `${this.look}-${String(this.number).padStart(2, "0")}-${name}.png`;
    await this.page.screenshot({ path: join(this.folder, file), fullPage: true });
    const out = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (out > 0) this.complain(`${name} is ${out} px wider than the window`);
    // Not a script of the page: its policy does not hold here, and must not be loosened for this.
    await this.page.evaluate(AXE);
    const violations = (await this.page.evaluate(
      "axe.run(document, { resultTypes: ['violations'] }).then((found) => found.violations)",
    )) as Violation[];
    for (const { id, help, nodes } of violations) {
      const where = nodes.map((node) => `${node.target.join(" ")} ${node.failureSummary ?? ""}`).slice(0, 3);
      this.complain(`${name}: axe ${id}: ${help}: ${where.join(" | ").replaceAll("\n", " ")}`);
    }
  }
}
