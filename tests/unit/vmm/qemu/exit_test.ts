// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { type Launched, planExit } from "../../../../lib/vmm/qemu/exit.ts";
import type { VmEndKind } from "../../../../lib/vmm/vmm.ts";

const REFUSED = "sh: can't write: Resource temporarily unavailable\nberth-launch: no way into the group\n";

const LAUNCHED: Launched = { accelerator: "kvm", jail: { filter: "/filter.bpf" }, cgroup: "/cg" };

const CASES: readonly (readonly [VmEndKind, code: number, reason?: string, words?: string])[] = [
  ["guest-panic", 0, "guest-panic"],
  ["guest-off", 0, "guest-shutdown"],
  ["guest-reset", 0, "guest-reset"],
  ["told", 0, "host-qmp-quit"],
  ["told", 0],
  ["signalled", 0, "host-signal"],
  ["signalled", 143, "host-signal"],
  ["killed", 137],
  ["killed", 143],
  // What it said before does not count once it is killed, or breaks.
  ["killed", 137, "guest-reset"],
  ["crashed", 134, "guest-panic"],
  ["crashed", 1],
  ["cpu-time", 152],
  ["no-group", 125, undefined, REFUSED],
  ["crashed", 125, undefined, "no such disk"],
  ["accelerator-failed", 1, undefined, "a word\nCould not access KVM kernel module: No such device\n"],
  ["accelerator-failed", 134, undefined, "qemu: kvm_init_vcpu: failed"],
  ["accelerator-failed", 1, undefined, "bwrap: Can't find source path /dev/kvm: No such file or directory"],
  // Only its last line says why it ended.
  ["crashed", 1, undefined, "KVM internal error. Suberror: 1\nno such disk"],
  ["no-jail", 1, undefined, "bwrap: No permissions to create new namespace\n"],
  ["crashed", 1, undefined, "a disk is called bwrap: x"],
  ["killed", 137, undefined, "KVM internal error"],
  ["cpu-time", 152, undefined, "KVM internal error"],
  ["told", 0, undefined, "KVM is slow here"],
];
for (const [kind, code, reason, words = ""] of CASES) {
  Deno.test(`planExit() calls status ${code} after ${reason ?? "no word"} ${kind}${words && `: ${words.trim()}`}`, () => {
    assertEquals(planExit({ code, words, reason }, LAUNCHED).kind, kind);
  });
}

Deno.test("planExit() believes nobody's words about a group, a jail or an accelerator that there is none of", () => {
  const all = ["no-group", "no-jail", "accelerator-failed"];
  const bare: Launched = { accelerator: "tcg" };
  for (const [kind, code, reason, words = ""] of CASES.filter(([kind]) => all.includes(kind))) {
    assertEquals(planExit({ code, words, reason }, bare).kind, "crashed", `${kind}: ${words}`);
  }
});

Deno.test("planExit() tells why there was no way into the group", () => {
  const { words } = planExit({ code: 125, words: REFUSED }, LAUNCHED);
  assertEquals(words, "sh: can't write: Resource temporarily unavailable");
});
