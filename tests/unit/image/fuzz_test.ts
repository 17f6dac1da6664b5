// @ts-types="../../support/assert.d.ts"
import { assert } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { detectCompression, FormReader } from "../../../lib/image/import/form.ts";
import { parseConfig } from "../../../lib/image/import/config.ts";
import { parseDockerArchive, parseIndex, parseManifest } from "../../../lib/image/import/oci.ts";
import { parseKernelRelease } from "../../../lib/image/kernel_release.ts";
import { parseImageSpec } from "../../../lib/image/spec.ts";
import { mutateBytes, mutateJson } from "../../support/mutate.ts";
import { seeded } from "../../support/random.ts";
import { tarOf } from "../../support/tar.ts";

const INPUTS = 2500;
const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

const SPEC = JSON.stringify({
  arch: "x86_64",
  kernel: "vmlinuz",
  initrd: "../initrd",
  bootArgs: "quiet",
  storeDisk: "root",
  memoryMiB: 512,
  vcpus: 1,
  shell: "/bin/sh",
  volumes: [{ image: "v", mountPoint: "/data", sizeMiB: 5, fsType: "ext4", imageType: "raw", readOnly: false }],
  networkInterfaces: [],
  runnerType: "qemu",
  runnerConfig: { machine: "microvm", cpu: "max" },
  defaults: { argv: ["sh"], env: { A: "b" }, user: "x", workdir: "/" },
});
const DESCRIPTOR = {
  mediaType: "x",
  digest: DIGEST,
  size: 5,
  annotations: { "org.opencontainers.image.ref.name": "v" },
};
const PARSERS: Record<string, [text: string, parse: (text: string, where: string) => unknown]> = {
  "parseImageSpec()": [SPEC, parseImageSpec],
  "parseIndex()": [JSON.stringify({ schemaVersion: 2, manifests: [DESCRIPTOR, DESCRIPTOR] }), parseIndex],
  "parseManifest()": [JSON.stringify({ config: DESCRIPTOR, layers: [DESCRIPTOR] }), parseManifest],
  "parseDockerArchive()": [JSON.stringify([{ Config: "c", RepoTags: ["a:1"], Layers: ["l"] }]), parseDockerArchive],
  "parseConfig()": [
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: { User: "a:b", Env: ["A=b"], Entrypoint: ["/e"], Cmd: ["c"], WorkingDir: "/w" },
    }),
    parseConfig,
  ],
};

/** How many of the inputs were taken; everything else must have been refused by berth's own words. */
function countTaken(parse: (random: (bound: number) => number) => unknown): number {
  const random = seeded(20261121);
  let taken = 0;
  for (let input = 0; input < INPUTS; input++) {
    try {
      parse(random);
      taken++;
    } catch (error) {
      assert(error instanceof BerthError, `input ${input}: ${error}`);
    }
  }
  return taken;
}

for (const [name, [text, parse]] of Object.entries(PARSERS)) {
  Deno.test(`${name} takes or refuses ${INPUTS} damaged texts, and never breaks`, () => {
    const taken = countTaken((random) => parse(mutateJson(text, random), "x"));
    // Neither all nor none: the damage must be of both kinds for the test to mean something.
    assert(taken > 0 && taken < INPUTS, `${taken} were taken`);
  });
}

Deno.test(`what reads bytes takes or refuses ${INPUTS} damaged beginnings, and never breaks`, () => {
  const tar = tarOf({ name: "blobs/", flag: "5" }, { name: "config.json", data: "{}" }, {
    name: "oci-layout",
    data: "x",
  });
  const kernel = new Uint8Array(1024);
  kernel.set([0x55, 0xaa], 0x1fe);
  kernel.set(new TextEncoder().encode("HdrS"), 0x202);
  kernel.set([0, 1], 0x20e);
  kernel.set(new TextEncoder().encode("6.1.0-x (builder) #1"), 0x300);
  const taken = countTaken((random) => {
    const reader = new FormReader();
    reader.push(mutateBytes(tar, random));
    reader.end();
    detectCompression(mutateBytes(tar, random), "x");
    parseKernelRelease(mutateBytes(kernel, random));
  });
  assert(taken > 0 && taken < INPUTS, `${taken} were taken`);
});
