/**
 * A host that has all that jobs need, as `berth doctor` sees it, and ways to take something from it.
 *
 * @module
 */

import { Facts, type Seen, type Tried, type Tries } from "../../../lib/doctor/facts.ts";
import { type Area, AREAS } from "../../../lib/doctor/finding.ts";
import { PROGRAMS_TO_LOOK_FOR } from "../../../lib/doctor/programs.ts";

const GiB = 1024 ** 3;

const GOOD_FACTS: Partial<Readonly<Record<Area, string>>> = {
  host: "arch x86_64\nuser root\ngroups root",
  kvm: "cpu.svm yes\nnested.kvm_amd 1\nkvm.group there\nkvm.owner kvm 660\nkvm.number a:e8\nkvm opens",
  qemu: "qemu there\nqemu.version QEMU emulator version 8.2.2 (Debian)\nqemu.machine microvm\nqemu.machine q35",
  programs: PROGRAMS_TO_LOOK_FOR.map((name) => `program ${name}`).join("\n"),
  namespaces: "bwrap there\nnamespaces.most 96365\nnamespaces.user works\nnamespaces.mount works",
  cgroup: "kernel 6.1.0-40-amd64\ncgroup2 /sys/fs/cgroup rw,nosuid,favordynmods",
  systemd: "systemd running\nsystemd.version systemd 252 (252.39-1~deb12u1)\nsystemd.answer 252.39-1~deb12u1",
  devices: "vsock opens\ntun opens",
  state:
    `users.owner own\nusers.mode 711\nstate.owner own\nstate.mode 700\nstate.there yes\nstate.place /s\nstate.mount /\nstate.disk ${
      5 * GiB / 4096
    } 4096 900 1000\nstate.write works`,
  kernel: "clock tsc\nclock.available tsc hpet\nentropy 256\nrandom 16\nconfig 6.1.0-40-amd64",
};

const GOOD_TRIES: Tries = {
  kvm: { value: { works: true, detail: "the probe guest ran" } },
  kernel: { value: { works: true, detail: "a kernel booted" } },
  remembered: { value: { works: true, detail: "the probe guest ran" } },
  emulation: { value: null },
  jail: { value: { works: true, detail: "" } },
  mkfs: { value: { works: true, detail: "" } },
  containment: {
    value: {
      driver: "cgroupfs",
      place: "/sys/fs/cgroup/system.slice/ci.service",
      controllers: ["cpuset", "cpu", "io", "memory", "pids"],
      lacking: [],
    },
  },
  images: { value: [{ name: "default" }] },
  leftJobs: { value: [] },
  leftGroups: { value: [] },
  clones: { value: { works: true, detail: "2 clones of a guest have started" } },
  leftFiles: { value: [] },
};

/** What is different on a host. */
export interface Difference {
  /** Of an area's facts: lines that are replaced by key, or taken away. `undefined` takes all with that key away. */
  readonly facts?: Partial<Readonly<Record<Area, Readonly<Record<string, string | undefined>>>>>;
  /** Areas whose facts could not be collected. */
  readonly unknown?: readonly Area[];
  readonly tries?: Partial<Tries>;
  /** Why the host process does not start. */
  readonly problem?: string;
  readonly isUser?: boolean;
}

/** A good host but for the difference. */
export function hostWith({ facts = {}, unknown = [], tries = {}, problem, isUser = false }: Difference = {}): Seen {
  const own = isUser ? { ...facts, host: { user: "ci", groups: "ci kvm", ...facts.host } } : facts;
  const known = AREAS.map((area): [Area, Tried<Facts>] => {
    if (unknown.includes(area)) return [area, { problem: "waited 30 s for what the host says of it" }];
    return [area, { value: new Facts(change(GOOD_FACTS[area] ?? "", own[area] ?? {})) }];
  });
  return {
    isRoot: !isUser,
    stateDir: "/s",
    facts: Object.fromEntries(known),
    // As it goes through the pipe between berth's two processes.
    tries: problem ? { problem } : { value: JSON.parse(JSON.stringify({ ...GOOD_TRIES, ...tries })) },
  };
}

function change(text: string, changes: Readonly<Record<string, string | undefined>>): string {
  const kept = text.split("\n").filter((line) => !(line.split(" ")[0] in changes));
  const added = Object.entries(changes).flatMap(([key, value]) => value === undefined ? [] : [`${key} ${value}`]);
  return [...kept, ...added].join("\n");
}
