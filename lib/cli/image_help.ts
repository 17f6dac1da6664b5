/**
 * The help texts of `berth image`. Pure.
 *
 * @module
 */

import { flagLines } from "./flags.ts";
import type { ImageCommand } from "./image_command.ts";

type Described = Pick<ImageCommand<unknown>, "name" | "usage" | "summary" | "flags" | "more">;

/** `berth image --help`. */
export function imageHelp(commands: readonly Described[]): string {
  const lines = commands.map((command) => `  ${line(command).padEnd(41)} ${command.summary}`);
  return `berth image COMMAND: what jobs run in.

${lines.join("\n")}
  berth image COMMAND --help                what it takes

An image is a kernel, an initramfs with berth's agent and, where it has one, a root file system. Images share files
that are the same. The image "default" is built when a job first needs it.
`;
}

/** `berth image COMMAND --help`. */
export function commandHelp(command: Described): string {
  const parts = [`${line(command)}: ${command.summary}`, flagLines(command.flags), command.more];
  return parts.filter((part) => part).join("\n\n") + "\n";
}

function line({ name, usage }: Described): string {
  return `berth image ${name}${usage ? ` ${usage}` : ""}`;
}
