// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { randomId } from "../../../lib/base/ids.ts";
import { groupName, isVmGroup, type NamePrefix, vmLabel } from "../../../lib/cgroup/names.ts";
import { seeded } from "../../support/random.ts";

const PREFIXES: readonly NamePrefix[] = ["vm", "tenant"];

// printf 'a\0/\0b\0' | sha256sum
const HASH_OF_A_SLASH_B = "6df7cee24c7627c8517c73bf5f10ca67";

for (const text of ["a", "0", "acme", "acme-web", "a.b_c-d", "Nightly", "memory.max", "cgroup.procs", "supervisor"]) {
  Deno.test(`groupName() gives "${text}" its own text behind the prefix`, () => {
    assertEquals(PREFIXES.map((prefix) => groupName(prefix, text)), [`vm-${text}`, `tenant-${text}`]);
  });
}

Deno.test("groupName() gives a/b a readable name with 128 bits of the text's SHA-256", () => {
  assertEquals(groupName("vm", "a/b"), `vm-a-b-${HASH_OF_A_SLASH_B}`);
});

const CLEANED: [text: string, clean: string][] = [
  ["..a..b..", "a.b"],
  ["a-_.b", "a-b"],
  ["a._-b", "a.b"],
  ["-a", "a"],
  ["a_", "a"],
  ["../../etc/passwd", "etc-passwd"],
  ["é1é", "1"],
  ["a\n\0b", "a-b"],
  ["\u{1F600}x\u{1F600}\u{1F600}y", "x-y"],
];
for (const [text, clean] of CLEANED) {
  Deno.test(`groupName() gives ${JSON.stringify(text)} the clean text ${clean} and a hash`, () => {
    assertMatch(groupName("vm", text), new RegExp(`^vm-${clean.replaceAll(".", "\\.")}-[0-9a-f]{32}$`));
  });
}

for (const text of ["", "-", "._-", "/", "\n", "日本語", "\ud800", "-".repeat(300)]) {
  Deno.test(`groupName() refuses ${JSON.stringify(text.slice(0, 10))}, and names it`, () => {
    const shown = JSON.stringify(text.slice(0, 64));
    const error = assertThrows(() => groupName("tenant", text), BerthError, `${shown} can't be a group's name`);
    assertEquals(error.code, "usage.value");
    assert(error.message.length < 250);
  });
}

Deno.test("groupName() keeps the longest text that fits, and hashes one that is longer by one letter", () => {
  const fits = "x".repeat(63 - "vm-".length);
  assertEquals(groupName("vm", fits), `vm-${fits}`);
  assertMatch(groupName("vm", fits + "x"), /^vm-x{27}-[0-9a-f]{32}$/);
});

Deno.test("groupName() hashes a text that looks like the name that another text has", () => {
  const taken = groupName("vm", "a/b").slice("vm-".length);
  assertEquals(taken, `a-b-${HASH_OF_A_SLASH_B}`);
  assertMatch(groupName("vm", taken), /^vm-a-b-6df7[0-9a-f]+-[0-9a-f]{32}$/);
});

Deno.test("groupName() gives every half of a surrogate pair another name", () => {
  const names = Array.from({ length: 0x800 }, (_, half) => groupName("vm", `a${String.fromCharCode(0xd800 + half)}`));
  assertEquals(new Set(names).size, 0x800);
});

Deno.test("groupName() leaves a job's id as it is", () => {
  for (let round = 0; round < 100; round++) {
    const id = randomId();
    assertEquals(groupName("vm", id), `vm-${id}`);
  }
});

/** Interface files of a group in Linux 6.12, without the huge pages' sizes. */
const CONTROLLER_FILES = {
  cgroup: "controllers events freeze kill max.depth max.descendants pressure procs stat subtree_control threads type",
  cpu: "idle max max.burst pressure stat stat.local uclamp.max uclamp.min weight weight.nice",
  cpuset:
    "cpus cpus.effective cpus.exclusive cpus.exclusive.effective cpus.isolated cpus.partition mems mems.effective",
  io: "bfq.weight cost.model cost.qos latency max pressure prio.class stat weight",
  memory: "current events events.local high low max min numa_stat oom.group peak pressure reclaim stat swap.current",
  pids: "current events events.local max peak",
  hugetlb: "2MB.current 2MB.max 1GB.events",
  rdma: "current max",
  misc: "capacity current events max peak",
  irq: "pressure",
};

Deno.test("groupName() never gives an interface file's name or the supervisor's: they begin with no prefix", () => {
  const taken = Object.entries(CONTROLLER_FILES).flatMap(([controller, files]) =>
    files.split(" ").map((file) => `${controller}.${file}`)
  );
  for (const name of [...taken, "supervisor"]) {
    assertEquals(name.startsWith("vm-") || name.startsWith("tenant-"), false, name);
    for (const prefix of PREFIXES) assert(groupName(prefix, name).startsWith(`${prefix}-`));
  }
});

const ATOMS = [
  ...["a", "b", "Z", "0", "9", "f", "vm", "tenant", "supervisor", "memory.max", "cgroup.procs", HASH_OF_A_SLASH_B],
  ...["-", "_", ".", "..", "/", "//", "--", "-_.", " ", "\t", "\n", "\r", "\0", "\x1b[2J", "\x7f", "\u0085", "\\", "%"],
  ...["é", "e\u0301", "ß", "日", "\u200b", "\u202e", "\ufeff", "\ufffd", "\ud800", "\udbff", "\udc00", "\u{1F600}"],
  ...["x".repeat(30), "-".repeat(70), "y.".repeat(40), "0123456789abcdef".repeat(2)],
];
const SEPARATORS = ["-", "_", ".", "/", " ", "--", "\n", "é"];

/** Texts at random; every second one has a twin that differs from it in one separator. */
function nastyTexts(count: number, seed: number): Set<string> {
  const random = seeded(seed);
  const atoms = (most: number) => Array.from({ length: random(most) }, () => ATOMS[random(ATOMS.length)]).join("");
  const texts = new Set<string>();
  while (texts.size < count) {
    const [before, after] = [`${atoms(5)}a`, atoms(5)];
    texts.add(before + SEPARATORS[random(SEPARATORS.length)] + after);
    texts.add(before + SEPARATORS[random(SEPARATORS.length)] + after);
    texts.add(atoms(8) + "b");
  }
  return texts;
}

for (const prefix of PREFIXES) {
  Deno.test(`groupName("${prefix}") gives thousands of nasty texts, and their names, clean names that differ`, () => {
    const texts = nastyTexts(6000, prefix.length);
    // A name that berth gave may come back as somebody's text, with the prefix or without.
    for (const text of [...texts]) {
      const name = groupName(prefix, text);
      texts.add(name);
      texts.add(name.slice(prefix.length + 1));
    }
    const owners = new Map<string, string>();
    for (const text of texts) {
      const name = groupName(prefix, text);
      assertMatch(name, /^(vm|tenant)(?:[-_.][A-Za-z0-9]+)+$/, text);
      assertEquals([name.startsWith(`${prefix}-`), name.length < 64], [true, true], name);
      assertEquals(owners.get(name) ?? text, text, name);
      assertEquals(groupName(prefix, text), name);
      owners.set(name, text);
    }
    assertEquals(owners.size, texts.size);
    assert(texts.size > 12_000, `${texts.size} texts are too few`);
  });
}

const ID = "0123456789ab";

Deno.test("vmLabel() has the job's name before its id, as far as it goes", () => {
  assertEquals(vmLabel(ID), ID);
  assertEquals(vmLabel(ID, "nightly"), `nightly-${ID}`);
  assertEquals(vmLabel(ID, "web/build #7 (main)"), `web-build-7-main-${ID}`);
  for (const name of ["", "日本", "///", "..", "\n"]) assertEquals(vmLabel(ID, name), ID);
  const long = vmLabel(ID, `${"x".repeat(39)}-${"y".repeat(500)}`);
  assertEquals([long, `vm-${long}`.length <= 63], [`${"x".repeat(39)}-${ID}`, true]);
});

Deno.test("isVmGroup() knows the group of a job, whatever the job is called, and no other job's", () => {
  for (const name of [undefined, "nightly", "a/b", "vm", "x".repeat(99), "zzzzzzzzzzzz"]) {
    assertEquals(isVmGroup(`vm-${vmLabel(ID, name)}`, ID), true, name);
    assertEquals(isVmGroup(`vm-${vmLabel("zzzzzzzzzzzz", name)}`, ID), false, name);
  }
  // Who is called like another job's id is still himself.
  assertEquals(isVmGroup(`vm-${vmLabel("zzzzzzzzzzzz", ID)}`, ID), false);
  for (const group of [ID, `tenant-${ID}`, `vm-x${ID}`, `vm-${ID}-x`, "vm-", "supervisor"]) {
    assertEquals(isVmGroup(group, ID), false, group);
  }
});
