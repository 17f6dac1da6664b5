// @ts-types="../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };

Deno.test("deno.json turns the sanitizers on, which are off by default since Deno 2.9", () => {
  const { test } = config as { test?: { sanitizeOps?: boolean; sanitizeResources?: boolean } };
  assertEquals([test?.sanitizeOps, test?.sanitizeResources], [true, true]);
});

Deno.test("deno.json gives full permissions to nobody", () => {
  for (const [name, task] of Object.entries(config.tasks)) {
    assert(!/ (-A|--allow-all|--allow-(read|write|run|net|env)( |$))/.test(JSON.stringify(task)), name);
  }
  for (const [name, set] of Object.entries(config.permissions)) {
    for (const [kind, value] of Object.entries(set)) assert(Array.isArray(value), `${name}: ${kind} is unscoped`);
  }
});

Deno.test("deno.json runs berth with what deno.lock has of others, or not at all", () => {
  for (const name of ["run", "berth"] as const) {
    assert(/ deno run [^&]*--frozen [^&]*main\.ts/.test(config.tasks[name].command), name);
  }
});
