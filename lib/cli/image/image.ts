/**
 * `berth image`: what jobs run in.
 *
 * @module
 */

import { BUILD } from "./build.ts";
import { IMPORT } from "./import.ts";
import { INSPECT } from "./inspect.ts";
import { LS } from "./ls.ts";
import { PRUNE } from "./prune.ts";
import { RM } from "./rm.ts";
import { WARM } from "./warm.ts";
import type { CommandGroup } from "../line/command.ts";

/** The commands, in the order of the help. */
export const IMAGE: CommandGroup = {
  name: "image",
  usage: "COMMAND",
  summary: "build, list, inspect and remove images",
  more:
    `An image is what jobs run in: a kernel, an initramfs with berth's agent and, where it has one, a root file system.
Images share files that are the same. The image "default" is built when a job first needs it.`,
  commands: [LS, BUILD, IMPORT, INSPECT, WARM, RM, PRUNE],
};
