/**
 * Boots a kernel to its agent's hello, and ends it: no smaller guest shows what KVM is worth.
 *
 * @module
 */

import { DeadlineError, within } from "../../base/deadline.ts";
import { describeError } from "../../base/errors.ts";
import { randomId, randomToken } from "../../base/ids.ts";
import { formatMillis } from "../../base/units.ts";
import { Hub } from "../../guest/hub.ts";
import { AGENT_SOCKET, QMP_SOCKET, ROOT } from "../../host/windows.ts";
import type { Accelerator, VmExit, VmPlan } from "../vmm.ts";
import { QmpHub } from "./qmp.ts";
import { bootQemu } from "./runner.ts";

/** What is booted: fields of an image's spec. */
export interface TriedKernel {
  readonly kernel: string;
  readonly initrd: string;
  /** Words for the kernel. */
  readonly bootArgs: string;
  readonly memoryMiB: number;
  readonly runnerConfig?: { readonly cpu?: string; readonly console?: string };
}

/** Boots it, without a jail and without limits. Nobody else may listen on the sockets that VMs dial into. */
export async function tryKernel(
  { kernel, initrd, bootArgs, memoryMiB, runnerConfig: { cpu, console } = {} }: TriedKernel,
  accelerator: Accelerator,
  timeoutMs: number,
): Promise<{ readonly works: boolean; readonly detail: string }> {
  await using stack = new AsyncDisposableStack();
  const [name, token] = [randomId(), randomToken()];
  const folder = `${ROOT}/tried-${name}`;
  await Deno.mkdir(folder);
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const [hub, qmpHub] = [stack.use(Hub.listen(AGENT_SOCKET)), stack.use(QmpHub.listen(QMP_SOCKET))];
  const hello = hub.expect(token, "agent").then((connection) => connection[Symbol.dispose]());
  const plan: VmPlan = {
    ...{ name, token, accelerator, memoryMiB, vcpus: 1, kernel, initrd, cpu, console, folder },
    bootArgs: bootArgs.split(" ").filter((word) => word),
    ...{ disks: [], stdin: false, artifacts: false, devices: [] },
  };
  const vm = stack.use(bootQemu(plan, qmpHub, { onConnected: () => {}, onEvent: () => {}, onWords: () => {} }));
  const dead = vm.exited.then((exit) => {
    throw new Error(describeExit(exit));
  });
  dead.catch(() => {});
  try {
    await within(Promise.race([hello, dead]), timeoutMs, "the guest's agent");
    return { works: true, detail: "a kernel booted" };
  } catch (error) {
    return { works: false, detail: error instanceof DeadlineError ? describeHang(timeoutMs) : describeError(error) };
  }
}

/** How a boot hung. Pure. */
export function describeHang(timeoutMs: number): string {
  return `the guest's agent did not report within ${formatMillis(timeoutMs)}`;
}

/** How a VM ended whose agent had not reported. Pure. */
export function describeExit({ code, words, reason }: VmExit): string {
  if (code === 0) return `the guest ended before its agent reported (${reason ?? "no reason given"})`;
  return `QEMU ended with status ${code}: ${words.split("\n").at(-1) || "it said nothing"}`;
}
