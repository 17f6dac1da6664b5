/**
 * Puts limits in force: writes them, and reads each one back.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";
import { type CgroupFs, type Errno, isErrno, joinPath } from "./cgroup_fs.ts";
import { FILE_OF, type IoMax, LIMIT_NAMES, type LimitName, type Limits, parseList, planWrites } from "./limits.ts";
import { readIfThere } from "./usage.ts";
import { DEFAULT_WEIGHT } from "./defaults.ts";

/**
 * Writes limits, and returns when the kernel says that they are in force.
 *
 * @throws {BerthError} `host.limits` when one is not; `cgroup.read-only`, `cgroup.denied` when none can be.
 */
export async function applyLimits(fs: CgroupFs, path: string, limits: Limits): Promise<void> {
  for (const { file, value, isInForce } of planWrites(limits)) {
    const target = joinPath(path, file);
    try {
      await fs.write(target, value);
    } catch (error) {
      // A CPU beyond all that a host can have is refused, one that it could have and has not is not.
      if (isErrno(error, "ERANGE")) await expectCpus(fs, path, limits);
      throw translateRefusal(error, `${file} can't be set to ${value}`);
    }
    expectInForce(file, value, await fs.read(target), isInForce);
  }
  await expectCpus(fs, path, limits);
}

/** A CPU that is not there is left out by the kernel in silence; if none is there, it gives the group all. */
async function expectCpus(fs: CgroupFs, path: string, { cpus, mems }: Limits): Promise<void> {
  for (const [file, wanted, what] of [["cpuset.cpus", cpus, "CPU"], ["cpuset.mems", mems, "memory node"]] as const) {
    if (wanted === undefined) continue;
    const effective = await fs.read(joinPath(path, `${file}.effective`));
    const there = parseList(effective, file);
    const absent = parseList(wanted, file).filter((number) => !there.includes(number));
    if (absent.length === 0) continue;
    throw new BerthError("usage.value", `${file}: ${what} ${absent.join(", ")} is not there; there is ${effective}`);
  }
}

/** Checks limits that somebody else has set. @throws {BerthError} `host.limits`. */
export async function checkLimits(fs: CgroupFs, path: string, limits: Limits): Promise<void> {
  for (const { file, value, isInForce } of planWrites(limits)) {
    expectInForce(file, value, await fs.read(joinPath(path, file)), isInForce);
  }
  await expectCpus(fs, path, limits);
}

function expectInForce(file: string, value: string, content: string, isInForce: (content: string) => boolean): void {
  if (isInForce(content)) return;
  throw new BerthError("host.limits", `${file} should be ${value}, and the kernel has made it ${content || "nothing"}`);
}

const REFUSALS: Partial<Record<Errno, "cgroup.read-only" | "cgroup.denied">> = {
  EROFS: "cgroup.read-only",
  EACCES: "cgroup.denied",
  EPERM: "cgroup.denied",
};

/** Error of a refusal of the kernel, in an operator's words; other errors stay as they are. */
export function translateRefusal(error: unknown, what: string): unknown {
  if (!isErrno(error, "EROFS", "EACCES", "EPERM", "EINVAL", "ERANGE", "ENODEV", "ENOENT")) return error;
  return new BerthError(REFUSALS[error.errno] ?? "host.limits", `${what}: ${error.errno}`, { cause: error });
}

/**
 * Applies limits to a group whose VM runs: all of them, or none.
 *
 * @throws {BerthError} `host.limits` when the VM already uses more memory: the kernel would end it then.
 */
export async function updateLimits(fs: CgroupFs, path: string, limits: Limits): Promise<void> {
  await expectMemoryFits(fs, path, limits);
  const files = [...new Set(planWrites(limits).map(({ file }) => joinPath(path, file)))];
  const before = await Promise.all(files.map(async (file) => [file, await readForUpdate(fs, file)] as const));
  try {
    await applyLimits(fs, path, limits);
  } catch (error) {
    for (const [file, content] of before) {
      for (const value of valuesOf(file, content, limits)) await fs.write(file, value).catch(() => {});
    }
    throw error;
  }
}

/** The writes that bring back what a file has said. */
function valuesOf(file: string, content: string, { ioMax = [] }: Limits): string[] {
  // A device is a line, of which each needs a write; one without limits has none.
  const lines = content.split("\n");
  const lineOf = (device: string) => lines.find((line) => line.startsWith(`${device} `));
  const unlimited = "rbps=max wbps=max riops=max wiops=max";
  if (file.endsWith(FILE_OF.ioMax)) return ioMax.map(({ device }) => lineOf(device) ?? `${device} ${unlimited}`);
  // io.weight has lines of devices as well, which nobody has changed. A cpuset's emptiness is a write of its own.
  return [lines[0] || "\n"];
}

async function readForUpdate(fs: CgroupFs, file: string): Promise<string> {
  try {
    return await fs.read(file);
  } catch (error) {
    if (isErrno(error, "ENOENT")) throw new BerthError("cgroup.controller", `the VM's group has no ${file}`);
    throw error;
  }
}

/**
 * Refuses a memory limit below what is used. @throws {BerthError} `host.limits` with both numbers. @param whoUses
 * begins the words on what is used.
 */
export async function expectMemoryFits(
  fs: CgroupFs,
  path: string,
  { memoryMaxBytes }: Limits,
  whoUses = "the VM uses",
): Promise<void> {
  if (memoryMaxBytes === undefined) return;
  const used = Number(await fs.read(joinPath(path, "memory.current")));
  if (memoryMaxBytes >= used) return;
  const [wanted, inUse] = [memoryMaxBytes, used].map((bytes) => `${bytes} bytes (${formatBytes(bytes)})`);
  throw new BerthError("host.limits", `memory.max can't become ${wanted}: ${whoUses} ${inUse} now`);
}

/** Limits that are in force: those that were asked for, and those that somebody has set since. */
export async function readLimits(fs: CgroupFs, path: string, asked: Limits): Promise<Limits> {
  const values = await Promise.all(LIMIT_NAMES.map(async (name) => {
    const content = await readIfThere(fs, joinPath(path, FILE_OF[name]));
    return [name, content === undefined ? undefined : parseLimit(name, content, asked)] as const;
  }));
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

/** Unlimited is no limit: undefined. */
function parseLimit(name: LimitName, content: string, asked: Limits): number | string | readonly IoMax[] | undefined {
  switch (name) {
    case "cpuQuotaPercent": {
      const [quota, period] = content.split(" ");
      return quota === "max" ? undefined : Number(quota) * 100 / Number(period);
    }
    case "cpuWeight":
    case "ioWeight": {
      const weight = Number(content.split("\n")[0].replace("default ", ""));
      return weight === DEFAULT_WEIGHT && asked[name] === undefined ? undefined : weight;
    }
    case "ioMax": {
      const rates = parseIoMax(content);
      return rates.length ? rates : undefined;
    }
    case "cpus":
    case "mems":
      return content || undefined;
    default:
      return content === "max" ? undefined : Number(content);
  }
}

/** Reads lines like `8:0 rbps=1048576 wbps=max riops=max wiops=max`. */
function parseIoMax(content: string): IoMax[] {
  return content.split("\n").filter((line) => line).map((line) => {
    const [device, ...words] = line.split(" ");
    const rates = words.map((word) => word.split("=")).filter(([, rate]) => rate !== "max");
    return { device, ...Object.fromEntries(rates.map(([key, rate]) => [key, Number(rate)])) };
  });
}
