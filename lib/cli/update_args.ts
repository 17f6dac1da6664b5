/**
 * The command line of `berth update`, understood. Pure.
 *
 * @module
 */

import type { UpdateRequest } from "../app/update.ts";
import { BerthError } from "../base/errors.ts";
import { isId } from "../base/ids.ts";
import { parseDevice } from "../cgroup/systemd/devices.ts";
import { UPDATE_FLAGS } from "./line/flags.ts";
import { parseLimits } from "./run/limit_args.ts";
import { parseFlags } from "./line/parse.ts";
import { optional, parseMemory, parsePids, withoutAbsent } from "./line/values.ts";

/** What is to change of a job that runs. */
export interface UpdateArgs extends UpdateRequest {
  readonly quiet: boolean;
}

/** Reads it. @throws {BerthError} `usage.*`. */
export function parseUpdateArgs(argv: readonly string[]): UpdateArgs {
  // The id may stand before the flags or after them.
  const before = argv[0]?.startsWith("-") ? [] : argv.slice(0, 1);
  const flags = parseFlags(argv.slice(before.length), UPDATE_FLAGS);
  const ids = [...before, ...flags.rest];
  if (ids.length !== 1) throw new BerthError("usage.command", "berth update takes one id: berth update ID [flags]");
  const limits = withoutAbsent({
    memoryMaxBytes: optional(flags.value("memory"), (text) => parseMemory(text, "--memory")),
    pidsMax: optional(flags.value("pids"), (text) => parsePids(text, "--pids")),
    ...parseLimits(flags),
  });
  const devicesToAdd = flags.values("device").map(parseDevice);
  const devicesToRemove = flags.values("device-rm").map(parseNode);
  refuseTwice([...devicesToAdd.map(({ node }) => node), ...devicesToRemove]);
  if (Object.keys(limits).length + devicesToAdd.length + devicesToRemove.length === 0) {
    throw new BerthError("usage.flag", "berth update: there is nothing to update; give it a limit or a device");
  }
  return { id: parseId(ids[0]), limits, devicesToAdd, devicesToRemove, quiet: flags.has("quiet") };
}

/** An id is a part of paths, so nothing else gets through. */
function parseId(text: string): string {
  if (isId(text)) return text;
  const shown = JSON.stringify(text.slice(0, 64));
  throw new BerthError("usage.value", `berth update: ${shown} is not a job's id; those have 12 letters and digits`);
}

function parseNode(text: string): string {
  const right = "name the node alone, like /dev/fuse";
  try {
    const { node } = parseDevice(text);
    if (node === text) return node;
  } catch {
    // Its words are about --device.
  }
  throw new BerthError("usage.value", `--device-rm: ${JSON.stringify(text)} is not a device; ${right}`);
}

function refuseTwice(nodes: readonly string[]): void {
  const twice = nodes.find((node, index) => nodes.indexOf(node) < index);
  if (twice) throw new BerthError("usage.value", `the device ${twice} is named more than once`);
}
