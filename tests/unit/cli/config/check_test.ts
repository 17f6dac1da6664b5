// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { readLayerValues } from "../../../../lib/cli/config/check.ts";
import { parseConfigFile } from "../../../../lib/cli/config/file.ts";
import { environmentLayer, SETTINGS } from "../../../../lib/cli/config/settings.ts";

type Configured = Readonly<Record<string, unknown>>;

/** Checks a file and an environment, on a host with 4 GiB. */
function check(file: Configured, environment: Record<string, string> = {}): void {
  const layers = [environmentLayer(new Map(Object.entries(environment))), parseConfigFile(JSON.stringify(file))];
  readLayerValues(layers, 4 * 1024 ** 3);
}

/** A right value for each setting. */
const RIGHT: Configured = {
  ...{ state: "/srv/berth", image: "ci", memory: "1G", cpus: 2, pids: 300, memoryHigh: "1G", swap: 0, cpuQuota: 150 },
  ...{ cpuWeight: 50, ioWeight: "50", ioMax: ["sda:rbps=1M"], cpuset: "0-1", cpusetMems: "0", timeout: "1h" },
  ...{
    bootTimeout: "30s",
    drainTimeout: "1m",
    cancelTimeout: "20s",
    scratch: "8G",
    disk: "9G",
    minFree: "1G",
    logLimit: "1G",
  },
  ...{ accel: "kvm", start: "cold", limits: "require" },
  ...{ tenantMemory: "4G", tenantSwap: 0, tenantPids: 1000, tenantCpuQuota: 400 },
  ...{
    cgroupParent: "/sys/fs/cgroup/ci",
    cgroupDriver: "cgroupfs",
    supervisorMemory: 0,
    jail: "require",
    uidRange: "200000-200999",
  },
};

Deno.test("readLayerValues() takes a right value of every setting, in the file and in the environment", () => {
  assertEquals(Object.keys(RIGHT).toSorted(), SETTINGS.map(({ key }) => key).toSorted());
  check(RIGHT);
  check({}, Object.fromEntries(SETTINGS.map(({ key, variable }) => [variable, `${RIGHT[key]}`])));
  check({ image: "/srv/images/ci" });
  check({ cgroupParent: "self" });
  check({ limits: "off", memory: "1G" });
});

for (const { key, variable } of SETTINGS.slice(2)) {
  Deno.test(`readLayerValues() has the flag's own parser look at ${key}, wherever it stands`, () => {
    const inFile = assertThrows(() => check({ ...RIGHT, [key]: "?" }), BerthError);
    assertEquals(inFile.code, "config.value");
    assertEquals(inFile.message.startsWith(`/etc/berth/config.json: ${key}: "?`), true, inFile.message);
    const inEnvironment = assertThrows(() => check({}, { [variable]: "?" }), BerthError);
    assertEquals(inEnvironment.code, "config.value");
    assertEquals(inEnvironment.message.startsWith(`${variable}: "?`), true, inEnvironment.message);
  });
}

const WRONG: [file: Configured, environment: Record<string, string>, words: string][] = [
  [{ memory: "64G" }, {}, "/etc/berth/config.json: memory: 64G is more than this host has; give it 4096M at most"],
  [{}, { BERTH_MEMORY: "1X" }, 'BERTH_MEMORY: "1X" is not a size; write 512M or 2G'],
  [{ memory: "1X" }, { BERTH_MEMORY: "1G" }, '/etc/berth/config.json: memory: "1X" is not a size'],
  [{ cpus: 1.5 }, {}, 'cpus: "1.5" is not a whole number from 1 to 64'],
  [{ pids: 1e21 }, {}, 'pids: "1e+21" is not a whole number'],
  [{ tenantMemory: "1M" }, {}, "tenantMemory: 1M is too little for a guest"],
  [{ state: "berth" }, {}, '/etc/berth/config.json: state: "berth" is not an absolute path'],
  [{ image: "./ci" }, {}, 'image: "./ci" is not an absolute path'],
  [{ image: "images/ci" }, {}, 'image: "images/ci" is not an absolute path'],
  [{ cgroupParent: "a.slice:b:c" }, {}, 'cgroupParent: "a.slice:b:c" names one scope'],
  [{}, { BERTH_CGROUP_PARENT: "a.slice:b:c" }, 'BERTH_CGROUP_PARENT: "a.slice:b:c" names one scope'],
  [{ limits: "off", swap: 0, tenantPids: 99 }, {}, "limits off would leave out swap and tenantPids"],
  [{}, { BERTH_LIMITS: "off", BERTH_SWAP: "0" }, "BERTH_LIMITS off would leave out BERTH_SWAP"],
  [{ memory: "2G", memoryHigh: "1G" }, {}, "memoryHigh: 1G is less than the guest has (memory 2G)"],
  [{ memoryHigh: "1G" }, {}, "memoryHigh of /etc/berth/config.json needs memory beside it"],
  [{}, { BERTH_MEMORY_HIGH: "1G" }, "BERTH_MEMORY_HIGH needs BERTH_MEMORY beside it"],
  [{ cgroupDriver: "systemd", cgroupParent: "/a" }, {}, 'cgroupParent: "/a" is a path, which is for cgroupfs'],
];
for (const [file, environment, words] of WRONG) {
  Deno.test(`readLayerValues() refuses ${JSON.stringify(file)} with ${JSON.stringify(environment)}`, () => {
    const error = assertThrows(() => check(file, environment), BerthError);
    assertEquals(error.code, "config.value");
    assertStringIncludes(error.message, words);
    assertEquals(/--(?!io-max|limits)/.test(error.message), false, error.message);
  });
}

Deno.test("readLayerValues() leaves it to the command what of the file contradicts the environment", () => {
  check({ swap: 0 }, { BERTH_LIMITS: "off" });
  check({ memory: "2G" }, { BERTH_MEMORY_HIGH: "1G" });
  check({ image: "ci" }, { BERTH_IMAGE: "./ci", BERTH_STATE: "here" });
});
