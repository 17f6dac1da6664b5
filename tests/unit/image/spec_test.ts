// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { parseImageSpec, resolveSpec } from "../../../lib/image/spec.ts";

const SPEC = {
  arch: "x86_64",
  kernel: "vmlinuz",
  initrd: "../initrd",
  bootArgs: "quiet x=1",
  memoryMiB: 512,
  vcpus: 1,
  runnerType: "qemu",
} as const;

const FULL = {
  ...SPEC,
  storeDisk: "/abs/root.squashfs",
  shell: "/bin/bash",
  volumes: [],
  networkInterfaces: [],
  runnerConfig: { machine: "microvm", cpu: "max", console: "ttyS0", extraArgs: [] },
} as const;

function parse(spec: unknown) {
  return parseImageSpec(JSON.stringify(spec), "spec.json");
}

function messageOf(spec: unknown): string {
  const error = assertThrows(() => parse(spec), BerthError);
  assertEquals(error.code, "image.spec");
  return error.message;
}

Deno.test("parseImageSpec() reads the least and the most that a spec can say", () => {
  assertEquals(parse(SPEC), { ...SPEC });
  assertEquals<unknown>(parse(FULL), FULL);
});

for (const field of Object.keys(SPEC)) {
  Deno.test(`parseImageSpec() names the missing field ${field}`, () => {
    assertEquals(messageOf({ ...SPEC, [field]: undefined }), `spec.json: the field "${field}" is missing`);
  });
}

Deno.test("parseImageSpec() tells everything that is wrong, at once", () => {
  const message = messageOf({ ...SPEC, kernel: undefined, vcpus: 0, extra: 1 });
  for (const words of ['"kernel" is missing', '"vcpus" is wrong', 'unknown field "extra"']) {
    assertEquals(message.includes(words), true, `${words} in: ${message}`);
  }
});

Deno.test("parseImageSpec() names the field that an unknown one was probably meant to be", () => {
  assertEquals(messageOf({ ...SPEC, memoryMib: 1 }), 'spec.json: unknown field "memoryMib"; did you mean "memoryMiB"?');
  assertEquals(messageOf({ ...SPEC, frobnicate: 1 }), 'spec.json: unknown field "frobnicate"');
});

Deno.test("parseImageSpec() names the field of runnerConfig that an unknown one was probably meant to be", () => {
  const message = messageOf({ ...SPEC, runnerConfig: { machin: "microvm" } });
  assertEquals(message, 'spec.json: unknown field "runnerConfig.machin"; did you mean "machine"?');
});

const WRONG: [string, unknown, string][] = [
  ["arch", "arm64", '"arch" is wrong'],
  ["kernel", "", '"kernel" is wrong'],
  ["kernel", null, '"kernel" is wrong'],
  ["initrd", 7, '"initrd" is wrong'],
  ["bootArgs", "a\nb", '"bootArgs" is wrong: must be printable ASCII'],
  ["bootArgs", "ä", "must be printable ASCII"],
  ["memoryMiB", 0, '"memoryMiB" is wrong: must be greater than 0'],
  ["memoryMiB", -1, '"memoryMiB" is wrong'],
  ["memoryMiB", 1.5, '"memoryMiB" is wrong'],
  ["memoryMiB", "512", '"memoryMiB" is wrong'],
  ["vcpus", 0, '"vcpus" is wrong: must be greater than 0'],
  ["runnerType", "xen", '"runnerType" is wrong'],
  ["volumes", [{}], 'the field "volumes.0.image" is missing'],
  ["volumes", [{ image: "a", mountPoint: "b" }], '"volumes.0.mountPoint" is wrong: must be an absolute path'],
  ["volumes", [{ image: "a", mountPoint: "/b", sizeMiB: 0 }], '"volumes.0.sizeMiB" is wrong: must be greater than 0'],
  ["volumes", [{ image: "a", mountPoint: "/b", fsType: "xfs" }], "ext4 is the only file system of a volume"],
  ["volumes", [{ image: "a", mountPoint: "/b", imageType: "qcow2" }], "raw is the only form of a volume"],
  ["volumes", [{ image: "a", mountPoint: "/b", readonly: true }], 'did you mean "readOnly"?'],
  ["defaults", { workdir: "x" }, '"defaults.workdir" is wrong: must be an absolute path in the guest'],
  ["networkInterfaces", [{}], '"networkInterfaces" is wrong: networks are not supported yet'],
  ["runnerConfig", { extraArgs: ["-daemonize"] }, '"runnerConfig.extraArgs" is wrong: extra arguments are not allowed'],
  ["runnerConfig", { machine: "microvm,dumpdtb=x" }, '"runnerConfig.machine" is wrong: microvm is the only machine'],
  ["runnerConfig", { cpu: "max,x=y" }, '"runnerConfig.cpu" is wrong: must be a word'],
  ["runnerConfig", { console: "ttyS0 init=/bin/sh" }, '"runnerConfig.console" is wrong: must be a word'],
  ["runnerConfig", { cpu: "/etc/passwd" }, '"runnerConfig.cpu" is wrong: must be a word'],
];
for (const [field, value, words] of WRONG) {
  Deno.test(`parseImageSpec() refuses ${field} ${JSON.stringify(value)}`, () => {
    const message = messageOf({ ...SPEC, [field]: value });
    assertEquals(message.includes(words), true, message);
  });
}

Deno.test("parseImageSpec() refuses an image for a runner that is not there yet", () => {
  assertEquals(messageOf({ ...SPEC, runnerType: "firecracker" }).includes('"runnerType"'), true);
});

for (const text of ["", "{", "null", "[]", '"x"', "1"]) {
  Deno.test(`parseImageSpec() refuses the text ${JSON.stringify(text)}, and says in which file`, () => {
    const error = assertThrows(() => parseImageSpec(text, "images/ci/spec.json"), BerthError, "images/ci/spec.json: ");
    assertEquals(error.code, "image.spec");
  });
}

Deno.test("resolveSpec() makes paths absolute from the spec's folder, and leaves absolute ones", () => {
  const { kernel, initrd, storeDisk } = resolveSpec(parse(FULL), "/images/ci");
  assertEquals([kernel, initrd, storeDisk], ["/images/ci/vmlinuz", "/images/initrd", "/abs/root.squashfs"]);
  assertEquals(resolveSpec(parse(SPEC), "/x").storeDisk, undefined);
});

Deno.test("resolveSpec() makes the paths of volumes absolute, but for those that are made new", () => {
  const volumes = [{ image: "v.ext4", mountPoint: "/v" }, { image: "new", mountPoint: "/n", sizeMiB: 1 }];
  const resolved = resolveSpec(parse({ ...SPEC, volumes }), "/images/ci").volumes;
  assertEquals(resolved?.map(({ image }) => image), ["/images/ci/v.ext4", "new"]);
});

Deno.test("parseImageSpec() says a hostile name in one line that a terminal does not obey, and not all of a long one", () => {
  const message = messageOf({ ...SPEC, ["\x1b[2J\nberth: all is well"]: 1, ["x".repeat(10_000_000)]: 1 });
  assertEquals(
    /^spec\.json: unknown field " ?\[2J berth: all is well"; unknown field "x{600}…"$/.test(message),
    true,
    message,
  );
  const text = assertThrows(() => parseImageSpec("\x1b[2J\n", "spec.json"), BerthError).message;
  assertEquals(/^spec\.json: this is not JSON: [^\p{Cc}]*$/u.test(text), true, text);
});

Deno.test("parseImageSpec() tells the first problems of very many", () => {
  const unknown = Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [`field${at}`, 1]));
  assertEquals(messageOf({ ...SPEC, ...unknown }).endsWith('unknown field "field29"; and more'), true);
  const volumes = Array(100_000).fill({});
  assertEquals(messageOf({ ...SPEC, volumes }).length < 5000, true);
});
