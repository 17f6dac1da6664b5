/**
 * Attempts to have a VM that came to nothing, and whose fault that is. Pure.
 *
 * @module
 */

import { errnoInWords, joinRefusal } from "../cgroup/join.ts";
import { describeExit, describeHang } from "../vmm/accelerator.ts";
import type { VmExit } from "../vmm/vmm.ts";

/** No attempt came to a VM, and it is not the host that is to blame for certain. */
export class BootFailedError extends Error {
  override readonly name = "BootFailedError";
}

/** An attempt that came to nothing. */
export type Failure =
  | { readonly kind: "exit"; readonly exit: VmExit }
  /** It goes on from a state, and can't. */
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "stopped" }
  | { readonly kind: "hung" };

/** Whether nobody has ended it from outside. */
export function endedByItself(failure: Failure): boolean {
  return failure.kind === "exit" && failure.exit.kind !== "killed" && failure.exit.kind !== "signalled";
}

/** What a failure was, for people. Pure. @param title the VMM's name. */
export function describeFailure(
  failure: Exclude<Failure, { kind: "stopped" }>,
  timeoutMs: number,
  title: string,
): string {
  switch (failure.kind) {
    case "hung":
      return describeHang(timeoutMs);
    case "exit":
      return describeExit(failure.exit, title);
    case "refused":
      return failure.why;
  }
}

/** A VMM that has not got into its group has not begun: that is the host's doing, and neither KVM's nor a guest's. */
export function expectJoined(failure: Failure): void {
  if (failure.kind !== "exit" || failure.exit.kind !== "no-group") return;
  throw joinRefusal(errnoInWords(failure.exit.words), "the VM's group");
}
