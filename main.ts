/**
 * The program: a command line in, an exit status out.
 *
 * @module
 */

import { STATUS } from "./lib/base/exit_status.ts";
import { main } from "./lib/cli/main.ts";

// What nobody caught is berth's failure, and Deno's status of 1 would look like a job's.
globalThis.addEventListener("error", ({ error }) => endByBug(error));
globalThis.addEventListener("unhandledrejection", ({ reason }) => endByBug(reason));

function endByBug(error: unknown): never {
  console.error("berth: this is a bug:", error);
  // Nobody can say then whether a job had started.
  Deno.exit(Deno.args[0] === "run" ? STATUS.unknown : STATUS.notDone);
}

if (import.meta.main) Deno.exit(await main(Deno.args, import.meta.url));
