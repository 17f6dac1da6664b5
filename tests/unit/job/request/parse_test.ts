// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { parseRequest } from "../../../../lib/job/request/parse.ts";
import { completeRequest, DEFAULTS, type JobRequest } from "../../../../lib/job/request/request.ts";

const HOST_BYTES = 4 * 1024 ** 3;
const MIB = 1024 ** 2;

function parse(request: unknown) {
  return parseRequest(JSON.stringify(request), "job.json", HOST_BYTES);
}

/** A request that says everything. */
const WHOLE: JobRequest = {
  ...{ version: 1, image: "ci", command: ["make", ""], env: { A: "=", B: "" }, workdir: "/src", user: "ci:ci" },
  ...{ stdin: true, name: "n", workspace: ".", artifactOn: "always", scratchBytes: MIB, diskBytes: 1, minFreeBytes: 0 },
  volumes: [{ path: "d", mountPoint: "/d", readOnly: true }, { sizeBytes: MIB, mountPoint: "/e" }],
  caches: [{ name: "npm", mountPoint: "/c", sizeBytes: MIB }],
  artifacts: [{ guest: "/out", host: "out" }],
  ...{ memoryBytes: 512 * MIB, cpus: 2, pids: 300, memoryHighBytes: 512 * MIB, swapBytes: 0, cpuQuotaPercent: 0 },
  ...{ cpuWeight: 1, ioWeight: 10_000, cpuset: "0", cpusetMems: "0", timeoutMs: 1, bootTimeoutMs: 2, drain: "sync" },
  ioMax: [{ device: "sda", rbps: 1, wbps: 2, riops: 3, wiops: 4 }],
  ...{ drainTimeoutMs: 3, cancelTimeoutMs: 4, logLimitBytes: 0, accel: "tcg", start: "cold", limits: "require" },
  jail: "off",
  tenant: { name: "acme", memoryBytes: 512 * MIB, swapBytes: 0, pids: 100, cpuQuotaPercent: 100 },
  ...{ cgroupParent: "a.slice:b:c", cgroupDriver: "systemd", supervisorMemoryBytes: 0, devices: ["/dev/fuse:rw"] },
  uidRange: { first: 1, last: 2 },
};

Deno.test("parseRequest() takes every key, and leaves it as it is", () => {
  const { version: _same, ...said } = WHOLE;
  assertEquals<unknown>(parse(WHOLE).request, said);
});

Deno.test("parseRequest() takes what completeRequest() has made", () => {
  for (const asked of [{}, { limits: "off" as const }, { command: ["x"], memoryBytes: 512 * MIB }]) {
    const whole = completeRequest(asked);
    assertEquals(completeRequest(parse(whole).request), whole);
  }
});

Deno.test("parseRequest() needs the version alone", () => {
  assertEquals(completeRequest(parse({ version: 1 }).request), DEFAULTS);
});

Deno.test("parseRequest() gives what flags give: plain paths, disks by one name, a cache's size", () => {
  const { request } = parse({
    version: 1,
    volumes: [{ path: "x", mountPoint: "/a//b/./c/" }],
    caches: [{ name: "c", mountPoint: "/c" }],
    ioMax: [{ device: "/dev/sda", rbps: 1 }],
  });
  assertEquals(request.volumes, [{ path: "x", mountPoint: "/a/b/c", readOnly: false }]);
  assertEquals(request.caches, [{ name: "c", mountPoint: "/c", sizeBytes: 8192 * MIB }]);
  assertEquals(request.ioMax, [{ device: "sda", rbps: 1 }]);
});

Deno.test("parseRequest() says of a key with its default that it asks for nothing", () => {
  const { places } = parse({ version: 1, pids: 256, ioMax: [], cpus: 2, tenant: { name: "a" } });
  assertEquals([...places.keys()], ["cpus", "tenant.name"]);
});

const WRONG: [request: unknown, ...words: string[]][] = [
  [[], "the request must be an object"],
  [{}, "version must be 1: this berth knows no other form"],
  [{ version: 2 }, "version must be 1"],
  [{ version: 1, memroyBytes: 1 }, 'unknown key memroyBytes; did you mean "memoryBytes"?'],
  [{ version: 1, memoryBytes: "1G" }, "memoryBytes must be a whole number"],
  [{ version: 1, memoryBytes: 1.5 }, "memoryBytes must be a whole number"],
  [{ version: 1, swapBytes: -1 }, "swapBytes must be 0 or more"],
  [
    { version: 1, memoryBytes: 95 * MIB },
    "memoryBytes: 99614720 is too little for a guest; give it 100663296 at least",
  ],
  [
    { version: 1, memoryBytes: 5 * 1024 * MIB },
    "memoryBytes: 5368709120 is more than this host has; give it 4294967296",
  ],
  [{ version: 1, cpus: 65 }, "cpus: 65 is not a whole number from 1 to 64"],
  [{ version: 1, timeoutMs: 0 }, "timeoutMs: 0 is no time to wait; give it 1 to 2147483647 milliseconds"],
  [{ version: 1, timeoutMs: 2 ** 31 }, "timeoutMs: 2147483648 is no time to wait"],
  [{ version: 1, command: [""] }, "command: the command is empty"],
  [{ version: 1, command: "make" }, "command must be a list"],
  [{ version: 1, command: ["a", 1] }, "command[1] must be a string"],
  [{ version: 1, env: { "": "x" } }, 'env: "" is no name of a variable'],
  [{ version: 1, env: { "A=B": "x" } }, 'env: "A" is no name of a variable'],
  [{ version: 1, env: { A: "a\0b" } }, "env.A must be text without NUL"],
  [{ version: 1, name: "\ud800" }, "name must be text without NUL"],
  [{ version: 1, workspace: "" }, "workspace is empty; leave it out"],
  [{ version: 1, workdir: "src" }, 'workdir: "src" is not an absolute path'],
  [{ version: 1, volumes: [{ mountPoint: "/x" }] }, "volumes[0] must have either a path or sizeBytes"],
  [{ version: 1, volumes: [{ path: "x", sizeBytes: 1, mountPoint: "/x" }] }, "volumes[0] must have either"],
  [{ version: 1, volumes: [{ sizeBytes: MIB, mountPoint: "/x", readOnly: true }] }, "volumes[0] can't be readOnly"],
  [
    { version: 1, volumes: [{ path: "x", mountPoint: "/proc" }] },
    'volumes[0].mountPoint: a volume can\'t be at "/proc"',
  ],
  [{ version: 1, volumes: [{ sizeBytes: 1, mountPoint: "/x" }] }, "volumes[0].sizeBytes: a disk of 1 can't be made"],
  [
    { version: 1, volumes: [{ path: "x", mountpoint: "/x" }] },
    'unknown key volumes[0].mountpoint; did you mean "mountPoint"?',
  ],
  [{ version: 1, caches: [{ name: "a/b", mountPoint: "/x" }] }, 'caches[0].name: "a/b" is not a name'],
  [{ version: 1, artifacts: [{ guest: "out", host: "o" }] }, 'artifacts[0].guest: "out" is not an absolute path'],
  [{ version: 1, ioMax: [{ device: "sda", rbps: 0 }] }, "ioMax[0].rbps: the kernel takes no rate of 0"],
  [{ version: 1, ioMax: [{ device: "..", rbps: 1 }] }, 'ioMax[0].device: ".." names no disk'],
  [{ version: 1, tenant: { memoryBytes: 512 * MIB } }, "tenant.name must be a string"],
  [{ version: 1, tenant: { name: "/" } }, 'tenant.name: "/" is not a tenant\'s name'],
  [{ version: 1, accel: "xen" }, 'accel: "xen" is not one of auto, kvm, tcg'],
  [{ version: 1, start: "Cold" }, 'start: "Cold" is not one of auto, cold, clone'],
  [{ version: 1, start: true }, "start must be a string"],
  [{ version: 1, devices: ["/etc/x"] }, 'devices[0]: "/etc/x" is not a path below /dev'],
  [{ version: 1, uidRange: { first: 9, last: 8 } }, 'uidRange: {"first":9,"last":8} is no range of users'],
  [{ version: 1, limits: "off", swapBytes: 0 }, "limits off would leave out swapBytes; give one or the other"],
  [
    { version: 1, cgroupDriver: "systemd", cgroupParent: "/a" },
    'cgroupParent: "/a" is a path',
    "with cgroupDriver systemd",
  ],
  [
    { version: 1, memoryBytes: 512 * MIB, memoryHighBytes: 511 * MIB },
    "memoryHighBytes: 535822336 is less than the guest has (memoryBytes 536870912)",
  ],
  [{ version: 1, cpus: 0, pids: 1 }, "cpus: 0 is not", "pids: 1 is not"],
];
for (const [request, ...wanted] of WRONG) {
  Deno.test(`parseRequest() refuses ${JSON.stringify(request).slice(0, 70)}, and names the key`, () => {
    const error = assertThrows(() => parse(request), BerthError);
    assertEquals([error.code, error.message.startsWith("job.json: ")], ["usage.request", true], error.message);
    for (const words of wanted) assertStringIncludes(error.message, words);
  });
}

Deno.test("parseRequest() shows nothing of what may be a secret", () => {
  const secrets = [
    '{"version":1,"env":{"A":"hunter"}',
    '{"version":1,"env":{"A":["hunter"]}}',
    '{"env":"hunter","version":1}',
  ];
  for (const text of secrets) {
    const { message } = assertThrows(() => parseRequest(text, "job.json", HOST_BYTES), BerthError);
    assertEquals(message.includes("hunter"), false, message);
  }
});

Deno.test("parseRequest() keeps every variable, whatever it is called", () => {
  const text = '{"version":1,"env":{"__proto__":"a","constructor":"b","A":"c"}}';
  const { env } = parseRequest(text, "--request x", Infinity).request;
  assertEquals(Object.entries(env ?? {}), [["__proto__", "a"], ["constructor", "b"], ["A", "c"]]);
});

Deno.test("parseRequest() ends with words for a request that is wrong in hundreds of thousands of places", () => {
  const many = Array(200_000);
  const requests = [
    { command: many.fill(1) },
    { volumes: many.fill({}) },
    { env: Object.fromEntries(many.fill(0).map((_, at) => [`V${at}`, 1])) },
  ];
  for (const request of requests) {
    const error = assertThrows(() => parse({ version: 1, ...request }), BerthError);
    assertEquals([error.code, error.message.length < 2000], ["usage.request", true], error.message);
  }
});
