/**
 * `berth image inspect` in the host process.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { join } from "@std/path";
import { STATE } from "../host/windows.ts";
import type { SubcommandContext } from "./subcommand.ts";
import { openStore } from "./image_host.ts";
import { type InspectArgs, renderSpec } from "./image_inspect.ts";

/** Prints the spec. */
export async function inspectHere({ name }: InspectArgs, { stateDir }: SubcommandContext): Promise<void> {
  const { spec } = await openStore().load(name);
  const hostPath = stateDir.startsWith("/") ? join(stateDir) : join(Deno.cwd(), stateDir);
  console.log(renderSpec(spec, STATE, hostPath.replace(/\/$/, "")));
}
