/** `npm run mock -- [--port 8765] [--token cg_...] [--policy NAME] [--step MILLISECONDS] [--empty]` */

import { parseArgs } from "node:util";

import { BROKEN, mock } from "./server.ts";
import { fixture, Store } from "./store.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8765" },
    token: { type: "string" },
    policy: { type: "string" },
    step: { type: "string", default: "500" },
    empty: { type: "boolean", default: false },
  },
});
const store = new Store();
if (!values.empty) {
  const before = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);
  const examples: [string, string, number][] = [
    ["Weekly meeting, budget", "meeting", 2],
    ["Support chat 4711 <b>not bold</b>", "chat", 26],
    ["The letter", "talk", 50],
  ];
  for (const [name, view, hours] of examples) {
    store.finish(store.add(name, { view: fixture(view), created: before(hours) }));
  }
  store.finish(store.add("Interview with a torn file", { created: before(70) }), BROKEN);
  for (let more = 1; more <= 22; more += 1) {
    store.finish(store.add(`Call ${more}`, { view: fixture("talk"), created: before(100 + more) }));
  }
}
const settings = { token: values.token ?? null, policy: values.policy ?? null, step: Number(values.step) };
mock(store, settings).listen(Number(values.port), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${values.port}/`);
});
