/**
 * What the contract's tests have at hand.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { within } from "../../lib/base/deadline.ts";
import { type CgroupFs, CgroupFsError, type Errno, joinPath } from "../../lib/cgroup/cgroup_fs.ts";

/** A process that does nothing, in a group. */
export interface ContractProcess {
  readonly pid: number;
  alive(): boolean;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
}

/** What a backend gives to one test. Disposing ends the processes and removes the group with all that is below. */
export interface CgroupHarness extends AsyncDisposable {
  /** The whole tree, from its root on. */
  readonly fs: CgroupFs;
  /** A group without processes or children; its children have memory, pids, cpu, io and cpuset. */
  readonly group: string;
  /** `MAJOR:MINOR` of a disk. */
  readonly device: string;
  /** Starts a process that sits in that group when this resolves. */
  spawn(path: string): Promise<ContractProcess>;
}

/** What a test has at hand. */
export interface ContractContext extends Omit<CgroupHarness, keyof AsyncDisposable> {
  /** A path below the group of the test. */
  at(...parts: string[]): string;
}

/** Registers a test under the backend's name. */
export type ContractTest = (name: string, fn: (context: ContractContext) => Promise<void>) => void;

/** Asserts that the kernel says no, and with what. @param what a part of the message. */
export async function assertRefused(operation: Promise<unknown>, errno: Errno, what?: string): Promise<void> {
  const error = await assertRejects(() => operation, CgroupFsError, what);
  assertEquals(error.errno, errno, `${error.message}; expected ${errno}`);
}

/** A guard against tests that hang, and nothing else: the machine may be slow. */
const HANG_MS = 60_000;

/** Waits until a group's `cgroup.events` has a line. */
export async function untilEvent(fs: CgroupFs, group: string, line: string): Promise<void> {
  const path = joinPath(group, "cgroup.events");
  using watch = fs.watch(path);
  const wait = async () => {
    while (!(await fs.read(path)).split("\n").includes(line)) await watch.changed();
  };
  await within(wait(), HANG_MS, `${line} in ${path}`);
}

/** A write, its refusal if there is one, and what the file holds then. */
export type ExpectedWrite = readonly [value: string, errno: Errno | undefined, then: string];

/** Writes one value after the other. */
export async function checkWrites(fs: CgroupFs, path: string, writes: readonly ExpectedWrite[]): Promise<void> {
  for (const [value, errno, then] of writes) {
    if (errno === undefined) await fs.write(path, value);
    else await assertRefused(fs.write(path, value), errno);
    assertEquals(await fs.read(path), then, `${JSON.stringify(value)} to ${path}`);
  }
}
