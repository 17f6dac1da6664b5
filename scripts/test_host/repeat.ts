/**
 * A second run of the test host, for where its emulated KVM has broken it.
 *
 * Where KVM is emulated itself, the host's kernel has been seen to die as QEMU entered a guest: it took faults in the code
 * that takes faults, with the registers of an exit from a guest (QEMU 7.2's TCG and kvm_amd, Linux 6.1; seen
 * once). No program of a host can bring that about, so it says nothing of what is tested.
 *
 * @module
 */
import type { RunResult } from "./run.ts";

/** Whether the host's kernel died in a thread of QEMU, by the console's trace. Pure. */
export function isOfEmulatedKvm({ verdict, console }: RunResult): boolean {
  return verdict.kind === "panicked" && / Comm: qemu-system\S* /.test(console);
}

/**
 * Runs the test host, and once more where its emulated KVM has broken it. A second time is no accident.
 *
 * @param onBroken told of the run that says nothing.
 */
export async function runOrRepeat(
  run: () => Promise<RunResult>,
  onBroken: (result: RunResult) => void,
): Promise<RunResult> {
  const first = await run();
  if (!isOfEmulatedKvm(first)) return first;
  onBroken(first);
  return await run();
}
