/**
 * A job's request and what is decided outside of it: the least there can be.
 *
 * @module
 */

import type { PlanInputs } from "../../lib/job/plan.ts";
import { completeRequest, type JobRequest } from "../../lib/job/request/request.ts";
import { QEMU_TRAITS } from "../../lib/vmm/qemu/traits.ts";

export const LEAST_REQUEST: JobRequest = completeRequest({
  command: ["make", "test"],
  jail: "auto",
  uidRange: { first: 200_000, last: 200_099 },
});

export const LEAST_INPUTS: PlanInputs = {
  id: "0123456789ab",
  token: "0123456789abcdefghjkmnpqrs",
  nonce: "n0123456789abcdefghjkmnpqr",
  jobs: "/run/berth/self/state/jobs",
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
  vmm: QEMU_TRAITS,
  accelerator: { accelerator: "kvm", bootArgs: [] },
  jail: { filter: "/run/berth/self/filter.bpf", user: 200_000 },
};
