// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../../lib/base/errors.ts";
import { parseRunArgs } from "../../../../lib/cli/run/args.ts";

const HOST_BYTES = 4 * 1024 ** 3;

function parse(...argv: string[]) {
  return parseRunArgs(argv, HOST_BYTES);
}

Deno.test("parseRunArgs() leaves the command to the image where there is none", () => {
  for (const argv of [[], ["--quiet"], ["--"], ["--image", "x", "--"]]) assertEquals(parse(...argv).spec.argv, []);
});

Deno.test("parseRunArgs() has a default for everything but the command", () => {
  assertEquals(parse("make"), {
    spec: {
      argv: ["make"],
      env: {},
      workdir: undefined,
      user: "",
      stdin: false,
      name: undefined,
      workspace: false,
      artifacts: [],
      artifactOn: "success",
      scratchBytes: undefined,
      volumes: [],
      caches: [],
      diskBytes: 16 * 1024 ** 3,
      minFreeBytes: 256 * 1024 ** 2,
      memoryBytes: undefined,
      cpus: undefined,
      pidsMax: 256,
      timeoutMs: undefined,
      bootTimeoutMs: undefined,
      drain: undefined,
      drainTimeoutMs: undefined,
      cancelTimeoutMs: undefined,
      logLimitBytes: undefined,
      accel: "auto",
      limits: "auto",
      groupLimits: {},
      tenant: undefined,
      cgroupParent: { kind: "self" },
      cgroupDriver: "auto",
      devices: [],
      jail: undefined,
      uidRange: { first: 1_900_000_000, last: 1_900_065_535 },
    },
    env: { files: [], flags: [] },
    image: { name: "default" },
    workspace: undefined,
    artifactFolders: [],
    volumePaths: [],
    report: undefined,
    quiet: false,
  });
});

Deno.test("parseRunArgs() understands every flag", () => {
  const flags = [
    ...["--image=bookworm", "--memory=1G", "--cpus=2", "--pids=300", "--timeout=90s", "--boot-timeout=5s"],
    ...["--drain=sync; date", "--drain-timeout=3s", "--cancel-timeout=1m", "--log-limit=1G"],
    ...[
      "--env=A=1",
      "--env=B=",
      "--env=C",
      "--env-file=e",
      "--env-file=-f",
      "--workdir=/src",
      "--user=ci:ci",
      "--workspace=.",
      "--artifact=/out=o",
      "--stdin",
    ],
    ...[
      "--name=nightly-1",
      "--accel=kvm",
      "--limits=require",
      "--jail=off",
      "--uid-range=200000-200999",
      "--report=r.json",
      "--quiet",
    ],
    ...["--swap=0", "--memory-high=1G", "--tenant=acme", "--cgroup-driver=cgroupfs", "--device=/dev/fuse"],
    ...[
      "--scratch=1G",
      "--volume=d:/data:ro",
      "--cache=npm:/root/.npm",
      "--disk=9G",
      "--min-free=1G",
      "--artifact-on=failure",
    ],
  ];
  assertEquals(parse(...flags, "--", "sh", "-c", "exit"), {
    spec: {
      argv: ["sh", "-c", "exit"],
      env: {},
      workdir: "/src",
      user: "ci:ci",
      stdin: true,
      name: "nightly-1",
      workspace: true,
      artifacts: ["/out"],
      artifactOn: "failure",
      scratchBytes: 1024 ** 3,
      volumes: [{ kind: "path", mountPoint: "/data", readOnly: true }],
      caches: [{ name: "npm", mountPoint: "/root/.npm", sizeBytes: 8 * 1024 ** 3 }],
      diskBytes: 9 * 1024 ** 3,
      minFreeBytes: 1024 ** 3,
      memoryBytes: 1024 ** 3,
      cpus: 2,
      pidsMax: 300,
      timeoutMs: 90_000,
      bootTimeoutMs: 5000,
      drain: "sync; date",
      drainTimeoutMs: 3000,
      cancelTimeoutMs: 60_000,
      logLimitBytes: 1024 ** 3,
      accel: "kvm",
      limits: "require",
      groupLimits: { swapMaxBytes: 0, memoryHighBytes: 1024 ** 3 },
      tenant: { name: "acme", limits: {} },
      cgroupParent: { kind: "self" },
      cgroupDriver: "cgroupfs",
      devices: ["/dev/fuse"],
      jail: "off",
      uidRange: { first: 200_000, last: 200_999 },
    },
    env: {
      files: [{ path: "e", optional: false }, { path: "f", optional: true }],
      flags: [
        { name: "A", value: "1", place: "--env" },
        { name: "B", value: "", place: "--env" },
        { name: "C", place: "--env" },
      ],
    },
    image: { name: "bookworm" },
    workspace: ".",
    artifactFolders: ["o"],
    volumePaths: ["d"],
    report: "r.json",
    quiet: true,
  });
});

for (const path of ["/srv/image", "./image", "../image", "images/x", "."]) {
  Deno.test(`parseRunArgs() takes the image ${path} for a folder`, () => {
    assertEquals(parse("--image", path, "x").image, { folder: path });
  });
}

Deno.test("parseRunArgs() pairs artifacts with their folders, by the last equals sign", () => {
  const { spec, artifactFolders } = parse("--artifact=/a=b=out", "--artifact=/c=d", "x");
  assertEquals([spec.artifacts, artifactFolders], [["/a=b", "/c"], ["out", "d"]]);
});

Deno.test("parseRunArgs() lets the last of several values of a variable count", () => {
  assertEquals(parse("--env=A=1", "--env=A=2", "x").env.flags.map(({ value }) => value), ["1", "2"]);
});

const WRONG: [string[], ErrorCode, string][] = [
  [["--", ""], "usage.command", "the command is empty"],
  [["--memory=95M", "x"], "usage.value", "--memory: 95M is too little for a guest; give it 96M"],
  [["--memory=5G", "x"], "usage.value", "--memory: 5G is more than this host has; give it 4096M at most"],
  [["--memory=lots", "x"], "usage.value", '--memory: "lots" is not a size'],
  [["--memory=1G", "--memory-high=1023M", "x"], "usage.value", "1023M is less than the guest has (--memory 1G)"],
  [["--swap=0", "--limits=off", "x"], "usage.flag", "--limits off would leave out --swap"],
  [["--cpus=0", "x"], "usage.value", "--cpus"],
  [["--cpus=65", "x"], "usage.value", "from 1 to 64"],
  [["--cpus=1.5", "x"], "usage.value", "--cpus"],
  [["--pids=15", "x"], "usage.value", "from 16 to 4194304"],
  [["--timeout=0s", "x"], "usage.value", "--timeout"],
  [["--boot-timeout=10", "x"], "usage.value", "--boot-timeout"],
  [["--log-limit=much", "x"], "usage.value", '--log-limit: "much" is not a size'],
  [["--env==1", "x"], "usage.value", "--env: there is no name before the =; write NAME=VALUE"],
  [["--workdir=src", "x"], "usage.value", '--workdir: "src" is not an absolute path'],
  [
    ["--user=4294967294", "x"],
    "usage.value",
    "--user: 4294967294 is no user or group; numbers go from 0 to 2147483647",
  ],
  [["--user=ci:2147483648", "x"], "usage.value", "--user: 2147483648 is no user or group"],
  [["--artifact=/out", "x"], "usage.value", "write GUEST=DIR"],
  [["--artifact=/out=", "x"], "usage.value", "write GUEST=DIR"],
  [["--artifact==o", "x"], "usage.value", "write GUEST=DIR"],
  [["--artifact=out=o", "x"], "usage.value", '"out" is not an absolute path'],
  [["--name=.x", "x"], "usage.value", '--name: ".x" is not a name'],
  [["--name=a/b", "x"], "usage.value", "--name"],
  [[`--name=${"x".repeat(65)}`, "x"], "usage.value", "up to 64"],
  [["--accel=xen", "x"], "usage.value", '--accel: "xen" is not one of auto, kvm, tcg'],
  [["--limits=on", "x"], "usage.value", "not one of auto, require, off"],
  [["--jail=yes", "x"], "usage.value", "--jail"],
  ...["", "5", "0-9", "9-8", "1-4294967294", "a-b", "1-2-3", "-1-5"].map((range): [string[], ErrorCode, string] => [
    [`--uid-range=${range}`, "x"],
    "usage.value",
    "--uid-range",
  ]),
];
for (const [argv, code, words] of WRONG) {
  Deno.test(`parseRunArgs() refuses [${argv.join(" ").slice(0, 40)}], and says what would be right`, () => {
    assertEquals(assertThrows(() => parse(...argv), BerthError, words).code, code);
  });
}

Deno.test("parseRunArgs() takes memory at both bounds", () => {
  assertEquals(parse("--memory=96M", "x").spec.memoryBytes, 96 * 1024 ** 2);
  assertEquals(parse("--memory=4G", "x").spec.memoryBytes, HOST_BYTES);
});

Deno.test("parseRunArgs() leaves it to the plan to compare --memory-high with what the image says", () => {
  assertEquals(parse("--memory-high=96M", "x").spec.groupLimits, { memoryHighBytes: 96 * 1024 ** 2 });
});
