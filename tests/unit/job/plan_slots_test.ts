// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { planJob } from "../../../lib/job/plan.ts";
import type { VolumeSpec } from "../../../lib/image/spec.ts";
import { IDENTITY_BYTES, planIdentity } from "../../../lib/guest/identity.ts";
import { LEAST_INPUTS, LEAST_REQUEST } from "../../support/job_plan.ts";

const cachesOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `c${index}`, mountPoint: `/c/${index}`, sizeBytes: 1024 ** 2 }));

/** The VM of a job with so many caches, and with a scratch disk or none, on an image with a root disk or none. */
function planVm(caches: number, { scratch = false, root = true, imageVolumes = [] as VolumeSpec[] } = {}) {
  const spec = { ...LEAST_INPUTS.image.spec, ...(root && { storeDisk: "/store/root" }), volumes: imageVolumes };
  const request = {
    ...LEAST_REQUEST,
    caches: cachesOf(caches),
    scratchBytes: scratch ? 1024 ** 2 : undefined,
    workspace: undefined,
    volumes: [],
  };
  return planJob(request, { ...LEAST_INPUTS, image: { name: "ci", spec } }).vm;
}

const CASES: [what: string, vm: ReturnType<typeof planVm>, disks: number, slots: number][] = [
  ["no disk", planVm(0), 0, 4],
  ["no disk and no root", planVm(0, { root: false }), 0, 4],
  ["4 disks", planVm(4), 4, 4],
  ["4 disks, one of them for scratch", planVm(3, { scratch: true }), 4, 4],
  ["4 disks and no root", planVm(4, { root: false }), 4, 4],
  ["5 disks", planVm(5), 5, 17],
  ["5 disks, one of them for scratch", planVm(4, { scratch: true }), 5, 17],
  ["16 disks", planVm(16), 16, 17],
  ["17 disks, the most there can be", planVm(16, { scratch: true }), 17, 17],
];
for (const [what, vm, disks, slots] of CASES) {
  Deno.test(`planJob() plans ${slots} places beside the root for ${what}`, () => {
    assertEquals([vm.disks.filter(({ role }) => role !== "root").length, vm.slots], [disks, slots]);
  });
}

Deno.test("a guest can be told of as many disks as a job can have", () => {
  const serials = planVm(16, { scratch: true }).disks.map(({ serial }) => serial);
  assertEquals(serials.length, 18);
  const bytes = planIdentity({ token: "0".repeat(26), serials }, new Uint8Array(512), 0);
  assertEquals([bytes.length, new TextDecoder().decode(bytes).includes(` ${serials.at(-1)}\n`)], [
    IDENTITY_BYTES,
    true,
  ]);
});
