/**
 * What each value of a request has to be, whoever wrote it, and in which form: the one checker of values. What values
 * must be together is in together.ts. Pure.
 *
 * @module
 */

import { readDevice } from "../../cgroup/systemd/devices.ts";
import {
  checkDiskSize,
  checkEnv,
  checkGuestPath,
  checkMemory,
  checkName,
  checkPercent,
  checkPids,
  checkQuota,
  checkTenantName,
  checkText,
  checkTime,
  checkUidRange,
  checkUser,
  checkWeight,
  choice,
  count,
  each,
} from "./checks.ts";
import { checkArtifact, checkCaches, checkCommand, checkIoMax, checkList, checkVolume } from "./object_checks.ts";
import type { Place, Rule } from "./place.ts";
import type { JobRequest, TenantRequest } from "./request.ts";

/** What has a rule of its own: a key of a request, or one of its tenant's. */
type Valued =
  & Omit<JobRequest, "version" | "tenant">
  & { [K in keyof TenantRequest as `tenant.${K}`]: TenantRequest[K] };

/** A key of a request by its path. */
export type JobKey = keyof Valued;

/** The value of a key. */
export type ValueOf<K extends JobKey> = NonNullable<Valued[K]>;

/** What a form alone says all of: any size, either of yes and no. */
function asItIs<T>(value: T): T {
  return value;
}

/** In the order in which they are looked at. */
export const RULES: { readonly [K in JobKey]: Rule<ValueOf<K>> } = {
  image: checkText,
  command: checkCommand,
  env: checkEnv,
  workdir: checkGuestPath,
  user: checkUser,
  stdin: asItIs,
  name: checkName,
  workspace: checkText,
  volumes: each(checkVolume),
  caches: checkCaches,
  artifacts: each(checkArtifact),
  artifactOn: choice(["success", "failure", "always"]),
  scratchBytes: checkDiskSize,
  diskBytes: asItIs,
  minFreeBytes: asItIs,
  memoryBytes: checkMemory,
  cpus: count(1, 64),
  pids: checkPids,
  memoryHighBytes: checkMemory,
  swapBytes: asItIs,
  cpuQuotaPercent: checkQuota,
  cpuWeight: checkWeight,
  ioWeight: checkWeight,
  ioMax: checkIoMax,
  cpuset: checkList,
  cpusetMems: checkList,
  timeoutMs: checkTime,
  bootTimeoutMs: checkTime,
  drain: checkText,
  drainTimeoutMs: checkTime,
  cancelTimeoutMs: checkTime,
  logLimitBytes: asItIs,
  accel: choice(["auto", "kvm", "tcg"]),
  start: choice(["auto", "cold", "clone"]),
  limits: choice(["auto", "require", "off"]),
  "tenant.name": checkTenantName,
  "tenant.memoryBytes": checkMemory,
  "tenant.swapBytes": asItIs,
  "tenant.pids": checkPids,
  "tenant.cpuQuotaPercent": checkPercent,
  // Its form hangs on the driver.
  cgroupParent: checkText,
  cgroupDriver: choice(["auto", "cgroupfs", "systemd"]),
  supervisorMemoryBytes: asItIs,
  devices: each((device, place) => {
    readDevice(device, place.name);
    return device;
  }),
  jail: choice(["auto", "require", "off"]),
  uidRange: checkUidRange,
};

/** All keys, in the order of the rules. */
export const JOB_KEYS = Object.keys(RULES) as readonly JobKey[];

/** Checks the value of a key. @throws {BerthError} `usage.value`. */
export function checkValue<K extends JobKey>(key: K, value: ValueOf<K>, place: Place): ValueOf<K> {
  return RULES[key](value, place);
}
