/**
 * A job's spec and what is decided outside of it: the least there can be.
 *
 * @module
 */

import type { PlanInputs } from "../../lib/job/plan.ts";
import type { JobSpec } from "../../lib/job/spec.ts";

export const LEAST_SPEC: JobSpec = {
  argv: ["make", "test"],
  env: {},
  user: "",
  stdin: false,
  workspace: false,
  artifacts: [],
  artifactOn: "success",
  volumes: [],
  caches: [],
  diskBytes: 16 * 1024 ** 3,
  minFreeBytes: 256 * 1024 ** 2,
  pidsMax: 256,
  accel: "auto",
  limits: "auto",
  groupLimits: {},
  cgroupParent: { kind: "self" },
  cgroupDriver: "auto",
  devices: [],
  jail: "auto",
  uidRange: { first: 200_000, last: 200_099 },
};

export const LEAST_INPUTS: PlanInputs = {
  id: "0123456789ab",
  token: "0123456789abcdefghjkmnpqrs",
  image: {
    name: "default",
    spec: {
      arch: "x86_64",
      kernel: "/store/k",
      initrd: "/store/i",
      bootArgs: "",
      memoryMiB: 512,
      vcpus: 1,
      runnerType: "qemu",
    },
  },
  accelerator: { accelerator: "kvm", bootArgs: [] },
  jail: { filter: "/run/berth/self/filter.bpf", user: 200_000 },
  contained: true,
  shown: [],
};
