/**
 * Whether guests run at full speed. Pure.
 *
 * @module
 */

import { type Case, judgeTry, quote, valueOf, wordsOf } from "./case.ts";
import type { Facts, Outcome } from "./facts.ts";
import { type Finding, ok, warn } from "./finding.ts";
import { isQemuBroken } from "./qemu.ts";

const SLOW = "guests are emulated (TCG), which is several times slower; --accel kvm refuses";
/** `/dev/kvm`, as stat(1) prints it: 10:232 (linux/miscdevice.h, KVM_MINOR). */
const KVM_NUMBER = "a:e8";

/** Findings on KVM: the processor, the node, who may open it, and what a guest on it did. */
export function judgeKvm(facts: Facts, about: Case): Finding[] {
  const module = facts.get("cpu.vmx") ? "kvm_intel" : facts.get("cpu.svm") ? "kvm_amd" : undefined;
  const works = worksAtAll(about);
  const node = judgeNode(facts, about, module);
  const hasNode = facts.get("kvm") !== "missing";
  // Without it there is no node either, and that is all there is to say.
  if (!module && !works && !hasNode) return [withoutProcessor(facts)];
  const cpu = ok(
    "kvm.cpu",
    module ? `the processor has ${module === "kvm_intel" ? "VT-x" : "AMD-V"}` : "KVM works",
    FAST,
  );
  const opens = node.status === "ok" && node.id === "kvm.node";
  return [
    module || works ? cpu : withoutProcessor(facts),
    ...(node.id === "kvm.node" ? [node, judgeGroup(about)] : [node]),
    ...(opens && !isQemuBroken(about.other("qemu")) ? judgeGuest(about) : []),
    ...(opens && works ? [judgeNested(facts)] : []),
  ];
}

const FAST = "guests can run at full speed";
const UNSURE = "there are KVMs that run a small guest, and no kernel; jobs are emulated then";

function withoutProcessor(facts: Facts): Finding {
  if (!facts.get("cpu.hypervisor")) {
    const advice = "switch VT-x or AMD-V on in the firmware's settings";
    return warn("kvm.cpu", "the processor shows no virtualization (vmx, svm)", `${SLOW}; ${advice}`);
  }
  const what = "this machine is itself a VM, and its processor shows no virtualization (vmx, svm)";
  return warn("kvm.cpu", what, `${SLOW}; the host above must allow nested virtualization (kvm_intel.nested=1)`);
}

/** What is wrong with the node; when it is the group alone, the finding is the group's. */
function judgeNode(facts: Facts, { isRoot, user }: Case, module: string | undefined): Finding {
  const state = facts.get("kvm");
  if (state === "missing") {
    const fix = module && `modprobe ${module} && echo ${module} >/etc/modules-load.d/berth-kvm.conf`;
    return warn("kvm.node", "there is no /dev/kvm", SLOW, fix);
  }
  if (facts.get("kvm.number") !== KVM_NUMBER) {
    const fix = "rm /dev/kvm && mknod -m 0660 /dev/kvm c 10 232 && chgrp kvm /dev/kvm";
    return warn("kvm.node", "/dev/kvm is another device than KVM's", SLOW, fix);
  }
  if (state === "opens") return ok("kvm.node", "/dev/kvm can be opened", FAST);
  if (state !== "denied") return warn("kvm.node", `/dev/kvm can't be opened: ${wordsOf(state)}`, SLOW);
  const [group, mode = ""] = facts.get("kvm.owner")?.split(" ") ?? [];
  // Root is refused by the list of devices of the cgroup that it is in.
  if (isRoot) return warn("kvm.node", "/dev/kvm may not be opened here: DeviceAllow= of the unit lacks it", SLOW);
  if (/[67].$/.test(mode)) {
    const what = `/dev/kvm is for members of ${group}, and ${user} is none`;
    return warn("kvm.group", what, `${SLOW}; who becomes a member logs in again`, `usermod -aG ${group} ${user}`);
  }
  const fix = `groupadd -f --system kvm && chgrp kvm /dev/kvm && chmod 0660 /dev/kvm && usermod -aG kvm ${user}`;
  return warn("kvm.node", `/dev/kvm may not be opened by ${user} (it is ${group}'s, mode ${mode})`, SLOW, fix);
}

function judgeGroup({ isRoot, user, other }: Case): Finding {
  if (isRoot) return ok("kvm.group", "root needs no group for /dev/kvm", FAST);
  const isMember = other("host").get("groups")?.split(" ").includes("kvm");
  if (isMember) return ok("kvm.group", `${user} is in the group kvm`, FAST);
  return ok("kvm.group", `${user} is not in the group kvm, and need not be here`, FAST);
}

function judgeGuest(about: Case): Finding[] {
  const { tries, stateDir } = about;
  return judgeTry("kvm", tries.kvm, (guest) => {
    if (!guest) return [];
    const outcome = guest.works ? valueOf(tries.kernel) : guest;
    const works = guest.works ? judgeKernel(tries) : [warn("kvm.works", guest.detail, SLOW)];
    const seen = outcome ?? guest;
    return [...works, ...judgeTry("kvm", tries.remembered, (known) => judgeRemembered(seen, known, stateDir))];
  });
}

/** A small guest ran; only a kernel shows that others do. */
function judgeKernel({ kernel }: Case["tries"]): Finding[] {
  const small = "a small guest ran on KVM";
  if (!kernel) return [warn("kvm.works", `${small}, and no kernel was tried`, UNSURE)];
  return judgeTry("kvm", kernel, (tried) => {
    if (!tried) {
      const what = `${small}, and no kernel was tried: there is no image "default"`;
      return [warn("kvm.works", what, UNSURE, "berth image build default")];
    }
    if (tried.works) return [ok("kvm.works", "a kernel booted on KVM", FAST)];
    return [warn("kvm.works", tried.detail, SLOW)];
  });
}

function worksAtAll({ tries }: Case): boolean {
  return Boolean(valueOf(tries.kvm)?.works && (valueOf(tries.kernel)?.works ?? true));
}

/** berth tries KVM once a boot: what was changed since, it does not know. */
function judgeRemembered(guest: Outcome, known: Outcome | null, stateDir: string): Finding[] {
  const agrees = known?.works === guest.works;
  if (!known || agrees) {
    const what = known ? "berth remembers the same of KVM" : "berth remembers nothing of KVM yet";
    return [ok("kvm.remembered", what, "jobs use what works")];
  }
  const fix = `rm -f ${quote(`${stateDir}/host.json`)}`;
  const means = guest.works ? "guests are emulated until the next boot" : "jobs start on KVM, and don't come up";
  const what = `berth remembers that KVM ${known.works ? "worked" : `did not work (${known.detail})`}`;
  return [warn("kvm.remembered", what, means, fix)];
}

function judgeNested(facts: Facts): Finding {
  const module = ["kvm_intel", "kvm_amd"].find((name) => facts.get(`nested.${name}`) !== undefined);
  const value = module && facts.get(`nested.${module}`)!;
  if (value === "Y" || value === "1") return ok("kvm.nested", "nested virtualization is on", "jobs may run VMs by KVM");
  if (!module) return ok("kvm.nested", "no module tells of nested virtualization", "jobs may not find KVM in guests");
  const fix = `echo 'options ${module} nested=1' >/etc/modprobe.d/berth-kvm.conf && modprobe -r ${module} && ` +
    `modprobe ${module}`;
  return ok("kvm.nested", "nested virtualization is off", "jobs can't use KVM themselves, which few want", fix);
}
