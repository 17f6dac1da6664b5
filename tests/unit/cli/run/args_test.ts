// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../../lib/base/errors.ts";
import { imageFolder } from "../../../../lib/job/request/request.ts";
import { parseRunArgs } from "../../../../lib/cli/run/args.ts";

const HOST_BYTES = 4 * 1024 ** 3;

function parse(...argv: string[]) {
  return parseRunArgs(argv, HOST_BYTES);
}

Deno.test("parseRunArgs() leaves the command to the image where there is none", () => {
  for (const argv of [[], ["--quiet"], ["--"], ["--image", "x", "--"]]) {
    assertEquals(parse(...argv).request.command, []);
  }
});

Deno.test("parseRunArgs() has a default for everything but the command", () => {
  assertEquals(parse("make"), {
    request: {
      version: 1,
      image: "default",
      command: ["make"],
      env: {},
      stdin: false,
      artifacts: [],
      artifactOn: "success",
      volumes: [],
      caches: [],
      diskBytes: 16 * 1024 ** 3,
      minFreeBytes: 256 * 1024 ** 2,
      pids: 256,
      ioMax: [],
      accel: "auto",
      start: "auto",
      limits: "auto",
      cgroupParent: "self",
      cgroupDriver: "auto",
      devices: [],
      uidRange: { first: 1_900_000_000, last: 1_900_065_535 },
    },
    env: { files: [], flags: [] },
    report: undefined,
    dryRun: false,
    events: undefined,
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
      "--start=clone",
      "--limits=require",
      "--jail=off",
      "--uid-range=200000-200999",
      "--report=r.json",
      "--quiet",
      "--events=e.jsonl",
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
    request: {
      version: 1,
      image: "bookworm",
      command: ["sh", "-c", "exit"],
      env: {},
      workdir: "/src",
      user: "ci:ci",
      stdin: true,
      name: "nightly-1",
      workspace: ".",
      artifacts: [{ guest: "/out", host: "o" }],
      artifactOn: "failure",
      scratchBytes: 1024 ** 3,
      volumes: [{ path: "d", mountPoint: "/data", readOnly: true }],
      caches: [{ name: "npm", mountPoint: "/root/.npm", sizeBytes: 8 * 1024 ** 3 }],
      diskBytes: 9 * 1024 ** 3,
      minFreeBytes: 1024 ** 3,
      memoryBytes: 1024 ** 3,
      cpus: 2,
      pids: 300,
      swapBytes: 0,
      memoryHighBytes: 1024 ** 3,
      ioMax: [],
      timeoutMs: 90_000,
      bootTimeoutMs: 5000,
      drain: "sync; date",
      drainTimeoutMs: 3000,
      cancelTimeoutMs: 60_000,
      logLimitBytes: 1024 ** 3,
      accel: "kvm",
      start: "clone",
      limits: "require",
      tenant: { name: "acme" },
      cgroupParent: "self",
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
    report: "r.json",
    dryRun: false,
    events: "e.jsonl",
    quiet: true,
  });
});

for (const path of ["/srv/image", "./image", "../image", "images/x", "."]) {
  Deno.test(`imageFolder() takes the image ${path} for a folder`, () => {
    assertEquals(imageFolder(parse("--image", path, "x").request), path);
  });
}

Deno.test("imageFolder() takes a name for none", () => {
  for (const name of ["default", "debian-12", "a.b"]) assertEquals(imageFolder({ image: name }), undefined);
});

Deno.test("parseRunArgs() pairs artifacts with their folders, by the last equals sign", () => {
  assertEquals(parse("--artifact=/a=b=out", "--artifact=/c=d", "x").request.artifacts, [
    { guest: "/a=b", host: "out" },
    { guest: "/c", host: "d" },
  ]);
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
  [["--start=warm", "x"], "usage.value", '--start: "warm" is not one of auto, cold, clone'],
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
  assertEquals(parse("--memory=96M", "x").request.memoryBytes, 96 * 1024 ** 2);
  assertEquals(parse("--memory=4G", "x").request.memoryBytes, HOST_BYTES);
});

Deno.test("parseRunArgs() leaves it to the plan to compare --memory-high with what the image says", () => {
  assertEquals(parse("--memory-high=96M", "x").request.memoryHighBytes, 96 * 1024 ** 2);
});

Deno.test("parseRunArgs() takes a number for a descriptor of events, and none that is the job's own", () => {
  const events = (text: string) => parseRunArgs([`--events=${text}`, "x"], Infinity).events;
  assertEquals(["3", "251", "./3", "3.jsonl", "-3"].map(events), [3, 251, "./3", "3.jsonl", "-3"]);
  for (const [text, whose] of [["0", "input"], ["1", "output"], ["02", "standard error"]]) {
    const error = assertThrows(() => events(text), BerthError);
    assertEquals(error.code, "usage.value");
    assertStringIncludes(error.message, `--events ${text}: that is the job's ${whose}; `);
  }
});

Deno.test("parseRunArgs() takes no file for a job that is not run", () => {
  assertEquals(parseRunArgs(["--dry-run", "x"], Infinity).dryRun, true);
  for (const flag of ["report", "events"]) {
    const error = assertThrows(() => parseRunArgs(["--dry-run", `--${flag}=f`, "x"], Infinity), BerthError);
    assertEquals([error.code, error.message], ["usage.flag", `--dry-run runs nothing: leave out --${flag}`]);
  }
});
