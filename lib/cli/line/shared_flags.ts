/**
 * Flags that several commands have which start no job: each is one value, with what it says there. Pure.
 *
 * @module
 */

import { readGroupParent } from "../../job/request/group.ts";
import { DEFAULTS } from "../../job/request/request.ts";
import type { Flag } from "./flag.ts";
import { givenBy } from "./given.ts";
import { MIN_FREE, UID_RANGE } from "./limit_flags.ts";
import type { ParsedFlags } from "./parse.ts";

/** A flag with its parser. */
export interface SharedFlag<T> extends Flag {
  /** What a command line says by it, or else its default. @throws {BerthError} `usage.value`, `cgroup.form`. */
  readonly read: (parsed: ParsedFlags) => T;
}

/** `--cgroup-parent` of what looks for groups. */
export const GROUP_PARENT: SharedFlag<ReturnType<typeof readGroupParent>> = {
  name: "cgroup-parent",
  setting: true,
  value: "self|PATH",
  help: "the group that VMs' groups are made in",
  default: { value: DEFAULTS.cgroupParent, means: "berth's own" },
  read: (parsed) => readGroupParent(parsed.value("cgroup-parent") ?? DEFAULTS.cgroupParent),
};

/** `--uid-range` of what jails tools, as it jails VMMs. */
export const JAIL_USERS: SharedFlag<typeof DEFAULTS.uidRange> = {
  ...UID_RANGE,
  read: (parsed) => givenBy(parsed, UID_RANGE) ?? DEFAULTS.uidRange,
};

/** `--min-free` of what makes images; undefined: the default of whoever watches the disk. */
export const BUILD_MIN_FREE: SharedFlag<number | undefined> = {
  ...MIN_FREE,
  help: "end before the host's disk has less than this",
  read: (parsed) => givenBy(parsed, MIN_FREE),
};
