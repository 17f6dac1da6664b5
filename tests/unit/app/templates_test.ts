// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertMatch } from "@std/assert";
import { chooseTemplates, type ChosenTemplates, planKey } from "../../../lib/app/templates.ts";
import type { Image } from "../../../lib/image/store.ts";
import { TemplateStore } from "../../../lib/image/template/store.ts";
import { type PlanInputs, planJob } from "../../../lib/job/plan.ts";
import { completeRequest, type PartialRequest } from "../../../lib/job/request/request.ts";
import { QEMU_TRAITS } from "../../../lib/vmm/qemu/traits.ts";
import { LEAST_INPUTS } from "../../support/job_plan.ts";
import { temporaryFolder } from "../../support/temp.ts";

const MIB = 1024 ** 2;
const IDENTITIES = ["this host", "the kernel", "the initramfs"];
const LEAST: PartialRequest = { command: ["true"], jail: "auto", uidRange: { first: 200_000, last: 200_099 } };
const SPEC = { ...LEAST_INPUTS.image.spec, storeDisk: "/store/root" };

/** The key of a job's templates. */
function keyOf(spec: PartialRequest = {}, inputs: Partial<PlanInputs> = {}): string {
  const image = { name: "ci", spec: SPEC };
  const request = { ...completeRequest({ ...LEAST, ...spec }), volumes: [] };
  return planKey(QEMU_TRAITS.shapeOf(planJob(request, { ...LEAST_INPUTS, image, ...inputs }).vm), IDENTITIES);
}

const caches = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `c${index}`, mountPoint: `/${index}`, sizeBytes: index * MIB }));
const scratch = (mebibytes: number) => ({ scratchBytes: mebibytes * MIB });
const imageOf = (spec: Partial<typeof SPEC>) => ({ image: { name: "ci", spec: { ...SPEC, ...spec } } });

const SAME: [what: string, spec: PartialRequest, inputs?: Partial<PlanInputs>][] = [
  ["id", {}, { id: "ba9876543210" }],
  ["token", {}, { token: "z".repeat(26) }],
  ["nonce", {}, { nonce: "z".repeat(26) }],
  ["folder", {}, { jobs: "/elsewhere" }],
  ["image's name", {}, { image: { name: "other", spec: SPEC } }],
  ["jail", {}, { jail: undefined }],
  ["user", {}, { jail: { filter: "/f", user: 200_007 } }],
  ["boot's fallback", {}, {
    accelerator: { accelerator: "kvm", bootArgs: [], trialMs: 5, fallback: { bootArgs: ["x"] } },
  }],
  ["command", { command: ["make"], env: { A: "1" }, workdir: "/src", user: "ci", name: "nightly" }],
  ["input", { stdin: true }],
  ["artifacts", { artifacts: [{ guest: "/out", host: "o" }], artifactOn: "always" }],
  ["workspace", { workspace: "." }],
  ["one cache", { caches: caches(1) }],
  ["four caches", { caches: caches(4) }],
  ["limits", { pids: 7, cpuQuotaPercent: 50, diskBytes: MIB, swapBytes: 0, timeoutMs: 1, bootTimeoutMs: 1 }],
  ["memory of the image's size", { memoryBytes: 512 * MIB + 5, cpus: 1 }],
  ["wish to be a clone", { start: "clone" }],
];
for (const [what, spec, inputs] of SAME) {
  Deno.test(`two jobs have the same templates whose difference is the ${what}`, () => {
    assertEquals(keyOf(spec, inputs), keyOf());
  });
}

Deno.test("two jobs with scratch disks have the same templates, whatever their size and the disks beside them", () => {
  assertEquals(keyOf({ ...scratch(7), caches: caches(3), stdin: true }, { id: "ba9876543210" }), keyOf(scratch(2048)));
});

Deno.test("two jobs with more than four disks have the same templates, whatever their number is", () => {
  assertEquals(keyOf({ caches: caches(16) }), keyOf({ caches: caches(5) }));
});

Deno.test("jobs have other templates whose guests differ", () => {
  const keys = [
    keyOf(),
    keyOf({ memoryBytes: 513 * MIB }),
    keyOf({ cpus: 2 }),
    keyOf(scratch(2048)),
    keyOf({ caches: caches(5) }),
    keyOf({ ...scratch(2048), caches: caches(4) }),
    keyOf({}, { accelerator: { accelerator: "tcg", bootArgs: [] } }),
    keyOf({}, { accelerator: { accelerator: "tcg", bootArgs: ["tsc=reliable"] } }),
    keyOf({}, imageOf({ kernel: "/store/other" })),
    keyOf({}, imageOf({ initrd: "/store/other" })),
    keyOf({}, imageOf({ bootArgs: "quiet" })),
    keyOf({}, imageOf({ storeDisk: "/store/other" })),
    keyOf({}, imageOf({ storeDisk: undefined })),
    keyOf({}, imageOf({ runnerConfig: { machine: "microvm", cpu: "qemu64" } } as Partial<typeof SPEC>)),
    keyOf({}, imageOf({ runnerConfig: { machine: "microvm", console: "hvc0" } } as Partial<typeof SPEC>)),
  ];
  assertEquals(new Set(keys).size, keys.length);
});

Deno.test("planKey() is another one for another host, another file, and files in each other's place", () => {
  const shape = ["qemu", "-m", "512M"];
  const keys = [
    planKey(shape, ["host", "kernel", "root"]),
    planKey(shape, ["host", "root", "kernel"]),
    planKey(shape, ["other", "kernel", "root"]),
    planKey(shape, ["host", "kernel"]),
    planKey([...shape, "host"], ["kernel", "root"]),
    planKey(["qemu", "-m 512M"], ["host", "kernel", "root"]),
  ];
  assertEquals(new Set(keys).size, keys.length);
  for (const key of keys) assertMatch(key, /^[0-9a-f]{32}$/);
  assertEquals(planKey(shape, ["host", "kernel", "root"]), keys[0]);
});

interface Scene {
  readonly store: TemplateStore;
  /** The image's kernel. */
  readonly kernel: string;
  choose(spec: PartialRequest, hostId?: string): Promise<ChosenTemplates>;
}

/** An image whose files are there, on a host that says what it is asked. */
async function inScene(fn: (scene: Scene) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  const [kernel, initrd] = [`${folder.path}/k`, `${folder.path}/i`];
  for (const path of [kernel, initrd]) await Deno.writeTextFile(path, "x");
  const image: Image = { name: "ci", spec: { ...LEAST_INPUTS.image.spec, kernel, initrd } };
  const store = new TemplateStore(`${folder.path}/images`);
  const choose = (spec: PartialRequest, hostId = "this host") => {
    const request = { ...completeRequest({ ...LEAST, minFreeBytes: 1, start: "auto", ...spec }), volumes: [] };
    const host = { identify: () => Promise.resolve(hostId), readBootId: () => Promise.resolve("this boot") };
    return chooseTemplates(request, planJob(request, { ...LEAST_INPUTS, image }), { image, store, host });
  };
  await fn({ store, kernel, choose });
}

const DEVICES = { devices: ["/dev/vfio/7:rw"] };

Deno.test("chooseTemplates() has none for a job that is to start cold, and says nothing of that", () =>
  inScene(async ({ choose }) => {
    assertEquals(await choose({ start: "cold", ...DEVICES }), {});
  }));

Deno.test("chooseTemplates() says why there can be none", () =>
  inScene(async ({ choose }) => {
    assertEquals(await choose(DEVICES), { uncloneable: "devices of the host have a state of their own" });
    const folder = "an image that is a folder may change at any time";
    assertEquals(await choose({ image: "./folder", start: "clone" }), { uncloneable: folder });
  }));

Deno.test("chooseTemplates() finds what a job like it has made, until the host or a file is another one", () =>
  inScene(async ({ choose, store, kernel }) => {
    const find = async (hostId?: string) => (await (await choose(DRY, hostId)).templates!.open()).template?.nonce;
    const { templates } = await choose({});
    assertEquals(await find(), undefined);
    const { unfinished } = await templates!.begin();
    await unfinished!.write(new TextEncoder().encode("state"));
    await unfinished!.commit("its nonce");
    assertEquals([await find(), await find("another host")], ["its nonce", undefined]);
    const [{ about: { files, ...about } }] = await store.list();
    assertEquals(about, { image: "ci", memoryMiB: 512, vcpus: 1, accelerator: "kvm", bootId: "this boot" });
    assertEquals([files.length, files.includes(kernel)], [2, true]);
    await Deno.writeTextFile(kernel, "another one");
    assertEquals(await find(), undefined);
  }));

Deno.test("chooseTemplates() blames the one of the job's key", () =>
  inScene(async ({ choose }) => {
    const templates = (await choose({})).templates!;
    const { unfinished } = await templates.begin();
    await unfinished!.commit("its nonce");
    const blamed: boolean[] = [];
    for (const why of ["it hung", "it hung", "it broke"]) blamed.push(await templates.blame(why));
    assertEquals([blamed, (await templates.open()).template], [[false, false, true], undefined]);
  }));

/** Another job of the same shape. */
const DRY: PartialRequest = { command: ["make"], stdin: true, start: "clone" };
