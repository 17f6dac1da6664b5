// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../lib/base/errors.ts";
import { randomId } from "../../../lib/base/ids.ts";
import { parseUpdateArgs } from "../../../lib/cli/update/args.ts";

const ID = "0123456789ab";
const MIB = 1024 ** 2;

Deno.test("parseUpdateArgs() understands every flag", () => {
  const flags = [
    ...["--memory=1G", "--memory-high=800M", "--swap=0", "--pids=300", "--cpu-quota=50", "--cpu-weight=10"],
    ...["--io-weight=20", "--io-max=sda:rbps=1M", "--cpuset=1", "--cpuset-mems=0", "--device=/dev/fuse:rw"],
    ...["--device=/dev/net/tun", "--device-rm=/dev/kvm", "--device-rm=/dev/loop0", "--quiet"],
  ];
  assertEquals(parseUpdateArgs([ID, ...flags]), {
    id: ID,
    limits: {
      memoryMaxBytes: 1024 * MIB,
      pidsMax: 300,
      memoryHighBytes: 800 * MIB,
      swapMaxBytes: 0,
      cpuQuotaPercent: 50,
      cpuWeight: 10,
      ioWeight: 20,
      ioMax: [{ device: "sda", rbps: MIB }],
      cpus: "1",
      mems: "0",
    },
    devicesToAdd: [{ node: "/dev/fuse", access: "rw" }, { node: "/dev/net/tun", access: "rwm" }],
    devicesToRemove: ["/dev/kvm", "/dev/loop0"],
    quiet: true,
  });
});

Deno.test("parseUpdateArgs() takes the id before the flags or after them, and leaves alone what is not named", () => {
  const wanted = { id: ID, limits: { cpuWeight: 5 }, devicesToAdd: [], devicesToRemove: [], quiet: false };
  for (const argv of [[ID, "--cpu-weight", "5"], ["--cpu-weight", "5", ID], ["--cpu-weight=5", "--", ID]]) {
    assertEquals(parseUpdateArgs(argv), wanted);
  }
});

Deno.test("parseUpdateArgs() takes every id that a job can have", () => {
  for (let round = 0; round < 500; round++) {
    const id = randomId();
    assertEquals(parseUpdateArgs([id, "--swap=0"]).id, id);
  }
});

for (const id of ["0123456789a", "0123456789abc", "0123456789aB", "0123456789ai", "0123456789al", "../../456789"]) {
  Deno.test(`parseUpdateArgs() refuses ${id} for an id`, () => {
    const error = assertThrows(() => parseUpdateArgs([id, "--swap=0"]), BerthError, `"${id}" is not a job's id`);
    assertEquals(error.code, "usage.value");
  });
}

for (
  const flag of [
    "--device-rm=/dev/kvm",
    "--device=/dev/kvm",
    "--device-rm=block-device-mapper",
    "--memory=1G",
    "--pids=100",
    "--swap=0",
  ]
) {
  Deno.test(`parseUpdateArgs() takes ${flag} alone`, () => {
    assertEquals(parseUpdateArgs([ID, flag]).id, ID);
  });
}

const WRONG: [argv: string[], code: ErrorCode, words: string][] = [
  [[], "usage.command", "berth update takes one id: berth update ID [flags]"],
  [["--swap=0"], "usage.command", "takes one id"],
  [[ID, "--swap=0", ID], "usage.command", "takes one id"],
  [["", "--swap=0"], "usage.value", '"" is not a job\'s id'],
  [[`${ID}\n`, "--swap=0"], "usage.value", `"${ID}\\n" is not a job's id`],
  [[ID], "usage.flag", "there is nothing to update"],
  [[ID, "--quiet"], "usage.flag", "there is nothing to update; give it a limit or a device"],
  [[ID, "--cpus=2"], "usage.flag", "unknown flag --cpus"],
  [[ID, "--tenant=x"], "usage.flag", "unknown flag --tenant"],
  [[ID, "--memory=95M"], "usage.value", "--memory: 95M is too little for a guest"],
  [[ID, "--pids=15"], "usage.value", "from 16 to 4194304"],
  [[ID, "--io-max=sda"], "usage.value", '--io-max: "sda" has no rate'],
  [[ID, "--device=fuse"], "usage.value", '--device: "fuse" is not a path below /dev'],
  [[ID, "--device=/dev/fuse:x"], "usage.value", '--device: "/dev/fuse:x" has the access "x"'],
  [[ID, "--device-rm=kvm"], "usage.value", '--device-rm: "kvm" is not a device; name the node alone, like /dev/fuse'],
  [[ID, "--device-rm=/dev/kvm:r"], "usage.value", '--device-rm: "/dev/kvm:r" is not a device; name the node alone'],
  [[ID, "--device-rm=/dev/a\n"], "usage.value", '"/dev/a\\n" is not a device'],
  [[ID, "--device=/dev/a:r", "--device=/dev/a:w"], "usage.value", "the device /dev/a is named more than once"],
  [[ID, "--device=/dev/a:r", "--device-rm=/dev/a"], "usage.value", "the device /dev/a is named more than once"],
];
for (const [argv, code, words] of WRONG) {
  Deno.test(`parseUpdateArgs() refuses ${JSON.stringify(argv)}`, () => {
    assertEquals(assertThrows(() => parseUpdateArgs(argv), BerthError, words).code, code);
  });
}
