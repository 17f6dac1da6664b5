/**
 * `berth image`: what jobs run in.
 *
 * @module
 */

import { BUILD } from "./image_build.ts";
import { IMPORT } from "./image_import.ts";
import { INSPECT } from "./image_inspect.ts";
import { LS } from "./image_ls.ts";
import { PRUNE } from "./image_prune.ts";
import { RM } from "./image_rm.ts";
import type { CommandGroup } from "./subcommand.ts";

/** The commands, in the order of the help. */
export const IMAGE: CommandGroup = {
  name: "image",
  summary: "what jobs run in",
  more:
    `An image is a kernel, an initramfs with berth's agent and, where it has one, a root file system. Images share files
that are the same. The image "default" is built when a job first needs it.`,
  commands: [LS, BUILD, IMPORT, INSPECT, RM, PRUNE],
};
