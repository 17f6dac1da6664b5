/**
 * What the values of a request must be together. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { parseParent } from "../../cgroup/parent.ts";
import type { Place } from "./place.ts";
import { DEFAULTS, type PartialRequest } from "./request.ts";
import type { JobKey } from "./rules.ts";

/** Keys that ask for something which only a group can give. */
export const GROUP_KEYS: readonly JobKey[] = [
  ...["pids", "memoryHighBytes", "swapBytes", "cpuQuotaPercent", "cpuWeight", "ioWeight", "ioMax"] as const,
  ...["cpuset", "cpusetMems", "tenant.name", "tenant.memoryBytes", "tenant.swapBytes", "tenant.pids"] as const,
  ...["tenant.cpuQuotaPercent", "cgroupParent", "cgroupDriver", "supervisorMemoryBytes", "devices"] as const,
];

/** What somebody asks for, and the place of each value. A key that has a place is asked for, and no other. */
export interface Asked {
  readonly request: PartialRequest;
  readonly places: ReadonlyMap<JobKey, Place>;
}

/**
 * Checks it.
 *
 * @param hostMemoryBytes what a guest can have at most.
 * @throws {BerthError} `usage.flag`, `usage.value`, `cgroup.form`.
 */
export function checkTogether(asked: Asked, hostMemoryBytes: number): void {
  expectMemoryHere(asked, hostMemoryBytes);
  expectGroup(asked);
  expectParentForm(asked);
  expectHighAboveMemory(asked);
}

function expectMemoryHere({ request: { memoryBytes = 0 }, places }: Asked, hostBytes: number): void {
  if (memoryBytes <= hostBytes) return;
  const place = places.get("memoryBytes")!;
  const most = place.size(Math.floor(hostBytes / 1024 ** 2) * 1024 ** 2, "M");
  const what = `${place.text ?? memoryBytes} is more than this host has; give it ${most} at most`;
  throw new BerthError("usage.value", `${place.name}: ${what}`);
}

/** A limit that was asked for is never left out in silence. */
function expectGroup({ request, places }: Asked): void {
  if (request.limits !== "off") return;
  const given = GROUP_KEYS.filter((key) => places.has(key)).map((key) => places.get(key)!.name);
  if (given.length === 0) return;
  const message = `${places.get("limits")!.name} off would leave out ${given.join(" and ")}; give one or the other`;
  throw new BerthError("usage.flag", message);
}

/** Each driver takes parents of a form of its own. */
function expectParentForm({ request, places }: Asked): void {
  const { cgroupParent = DEFAULTS.cgroupParent, cgroupDriver = DEFAULTS.cgroupDriver } = request;
  const [parent, driver] = [places.get("cgroupParent")?.name, places.get("cgroupDriver")?.name];
  if (parent !== undefined) parseParent(cgroupParent, cgroupDriver, { parent, driver: driver ?? "the driver" });
}

/** Such a VM would be slowed down before its guest has its memory. */
function expectHighAboveMemory({ request: { memoryBytes, memoryHighBytes }, places }: Asked): void {
  if (memoryBytes === undefined || memoryHighBytes === undefined || memoryHighBytes >= memoryBytes) return;
  const [memory, high] = [places.get("memoryBytes")!, places.get("memoryHighBytes")!];
  const guest = `${memory.name} ${memory.text ?? memoryBytes}`;
  const message = `${high.name}: ${high.text ?? memoryHighBytes} is less than the guest has (${guest})`;
  throw new BerthError("usage.value", message);
}
