/**
 * The command line of `berth update`, understood. Pure.
 *
 * @module
 */

import type { UpdateRequest } from "../../app/update.ts";
import { BerthError } from "../../base/errors.ts";
import { isId } from "../../base/ids.ts";
import { changesOf, deviceChangesOf } from "../../job/request/group.ts";
import type { Flag, JobFlag } from "../line/flag.ts";
import { DEVICE, LIMIT_FLAGS, PIDS } from "../line/limit_flags.ts";
import { askedBy, valuesOf } from "../line/given.ts";
import { parseNamed } from "../line/names.ts";

/** Flags of `berth update`. */
export const UPDATE_FLAGS: readonly (Flag | JobFlag)[] = [
  {
    name: "memory",
    key: "memoryBytes",
    kind: "size",
    value: "SIZE",
    help: "what the VM may use of the host's memory; what the VMM needs is added, as at the start",
  },
  // Changes of one job, which no host can configure.
  ...[PIDS, ...LIMIT_FLAGS].map((flag) => ({ ...flag, setting: false })),
  DEVICE,
  { name: "device-rm", value: "PATH", help: "a device node that the VMM may use no more", repeats: true },
  { name: "quiet", help: "nothing on stderr but errors" },
];

/** What is to change of a job that runs. */
export interface UpdateArgs extends UpdateRequest {
  readonly quiet: boolean;
}

/** Reads it. @throws {BerthError} `usage.*`. */
export function parseUpdateArgs(argv: readonly string[]): UpdateArgs {
  const flags = parseNamed(argv, UPDATE_FLAGS);
  const ids = flags.rest;
  if (ids.length !== 1) throw new BerthError("usage.command", "berth update takes one id: berth update ID [flags]");
  const { request } = askedBy(valuesOf(flags, UPDATE_FLAGS));
  const limits = changesOf(request);
  const devices = deviceChangesOf(request.devices ?? [], flags.values("device-rm"), "--device-rm");
  if (Object.keys(limits).length + devices.devicesToAdd.length + devices.devicesToRemove.length === 0) {
    throw new BerthError("usage.flag", "berth update: there is nothing to update; give it a limit or a device");
  }
  return { id: parseId(ids[0]), limits, ...devices, quiet: flags.has("quiet") };
}

/** An id is a part of paths, so nothing else gets through. */
function parseId(text: string): string {
  if (isId(text)) return text;
  const shown = JSON.stringify(text.slice(0, 64));
  throw new BerthError("usage.value", `berth update: ${shown} is not a job's id; those have 12 letters and digits`);
}
