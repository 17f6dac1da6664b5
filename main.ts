/**
 * The program: a command line in, an exit status out.
 *
 * @module
 */

import { main } from "./lib/cli/main.ts";

// What nobody caught is berth's failure, and Deno's status of 1 would look like a job's.
globalThis.addEventListener("unhandledrejection", (event) => {
  console.error("berth: this is a bug:", event.reason);
  Deno.exit(125);
});

if (import.meta.main) Deno.exit(await main(Deno.args, import.meta.url));
