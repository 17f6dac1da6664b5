/**
 * How a QEMU ended, in berth's words. Pure.
 *
 * @module
 */

import { statusOfSignal } from "../../base/exit_status.ts";
import { refusedJoin } from "../../process/launch.ts";
import type { VmEndKind, VmExit, VmPlan } from "../vmm.ts";

/** 128 and the numbers of signals: a shell's and bubblewrap's way to tell of one. */
const SIGKILL_STATUS = statusOfSignal(9);
const SIGTERM_STATUS = statusOfSignal(15);
const SIGXCPU_STATUS = statusOfSignal(24);

/** What is known of a QEMU that has ended. */
export interface QemuEnd {
  /** Of its process. */
  readonly code: number;
  /** The last words on its standard error. */
  readonly words: string;
  /** The reason of its SHUTDOWN event, or `guest-panic`: a panic comes before a reset. */
  readonly reason?: string;
}

/** How a VM is launched: what it has none of, nobody's words are believed about. */
export type Launched = Pick<VmPlan, "accelerator" | "jail" | "cgroup">;

/** The end. @param end what is known of it. */
export function planExit({ code, words, reason }: QemuEnd, launched: Launched): VmExit {
  const refused = launched.cgroup === undefined ? undefined : refusedJoin({ code, words });
  if (refused !== undefined) return { kind: "no-group", code, words: refused };
  const said = words.trim();
  const kind = kindOf(code, reason);
  return { kind: kind === "crashed" ? kindInWords(said, launched) : kind, code, words: said, detail: reason };
}

/**
 * What the last line is about. QEMU's own texts have no form, but for the accelerator's name: "Could not access KVM kernel
 * module", "failed to initialize kvm". A jail that lacks KVM's node names that, and then it is not the jail's fault.
 */
function kindInWords(words: string, { accelerator, jail }: Launched): VmEndKind {
  const last = words.split("\n").at(-1)!;
  if (accelerator === "kvm" && /kvm/i.test(last)) return "accelerator-failed";
  return jail && last.startsWith("bwrap: ") ? "no-jail" : "crashed";
}

function kindOf(code: number, reason = ""): VmEndKind {
  if (code === 0 && reason.startsWith("guest-")) {
    if (reason === "guest-panic") return reason;
    return reason === "guest-shutdown" ? "guest-off" : "guest-reset";
  }
  if (code === SIGXCPU_STATUS) return "cpu-time";
  if (reason === "host-signal") return "signalled";
  if (code === 0) return "told";
  return code === SIGKILL_STATUS || code === SIGTERM_STATUS ? "killed" : "crashed";
}
