// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { planJob } from "../../../lib/job/plan.ts";
import { planLaunchedVm } from "../../../lib/machine/launch_plan.ts";
import { LEAST_INPUTS, LEAST_REQUEST } from "../../support/job_plan.ts";

const VM = planJob({ ...LEAST_REQUEST, scratchBytes: 1024 ** 2 }, LEAST_INPUTS).vm;

Deno.test("planLaunchedVm() is the plan with what its host has shown since, and nothing else", () => {
  const copies = new Map([["/store/k", "/folder/kernel"]]);
  const launched = planLaunchedVm(VM, { fileBytes: 4096, copies, groups: [36], cgroup: "/cgroup/vm-a" });
  const { rlimits, ...planned } = VM;
  // They are for a VMM without a group.
  assertEquals(rlimits?.pidsMax, 256);
  assertEquals(launched, {
    ...planned,
    kernel: "/folder/kernel",
    fileBytes: 4096,
    jail: { ...VM.jail!, groups: [36] },
    cgroup: "/cgroup/vm-a",
  });
});

Deno.test("planLaunchedVm() changes no file of a VMM that is berth's own user, and makes no group", () => {
  const { jail: _none, ...own } = VM;
  assertEquals(planLaunchedVm(own, { fileBytes: 1, copies: new Map() }), { ...own, fileBytes: 1 });
});
