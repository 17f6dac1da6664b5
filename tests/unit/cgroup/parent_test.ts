// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../lib/base/errors.ts";
import { type GroupParent, type ParentFacts, resolveParent } from "../../../lib/cgroup/parent.ts";

const SELF: GroupParent = { kind: "self" };

const SYSFS = "24 28 0:22 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw";
const ROOT = "28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro";

/** Debian 12 as it comes. */
const UNIFIED = [
  ...[SYSFS, ROOT],
  "35 24 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot",
].join("\n");

/** What a unit with ProtectControlGroups= sees. */
const PROTECTED = UNIFIED.replace("/sys/fs/cgroup rw,", "/sys/fs/cgroup ro,");

/** The machine that berth is developed on. */
const HYBRID = [
  ...[SYSFS, ROOT],
  "31 24 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755",
  "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory",
  "39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids",
  "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
].join("\n");
const HYBRID_GROUPS = "9:name=systemd:/\n8:pids:/\n4:memory:/process_api/befa392a\n1:cpu:/\n0::/\n";

/** Debian 10 with systemd.unified_cgroup_hierarchy=0 and legacy mode. */
const V1 = [
  ...[SYSFS, ROOT],
  "30 24 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755",
  "36 30 0:31 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:15 - cgroup cgroup rw,memory",
  "37 30 0:32 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:16 - cgroup cgroup rw,cpu,cpuacct",
].join("\n");

/** docker run, with its own cgroup namespace and a read-only mount. */
const DOCKER = [
  "1423 1200 0:52 / / rw,relatime master:305 - overlay overlay rw,lowerdir=/var/lib/docker",
  "1426 1423 0:58 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro",
  "1427 1426 0:30 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate,memory_recursiveprot",
].join("\n");

/** A part of the tree that was bound into a container that shares the host's cgroup namespace. */
const PART = DOCKER.replace("0:30 /", "0:30 /docker/abc").replace(
  "ro,nosuid,nodev,noexec,relatime - cgroup2",
  "rw - cgroup2",
);

function mount(id: number, root: string, point: string, type = "cgroup2"): string {
  return `${id} 24 0:30 ${root} ${point} rw - ${type} none rw`;
}

function resolve(parent: GroupParent, facts: Partial<ParentFacts>) {
  return resolveParent(parent, { cgroup: "0::/\n", mounts: UNIFIED, delegated: "unknown", ...facts });
}

const USER = "/user.slice/user-1000.slice/user@1000.service";
const inner = (group: string) => ({ group, readOnly: false });
const MOUNTED_ROOT = { group: "/sys/fs/cgroup", readOnly: false };

const OWN: [what: string, own: string, mounts: string, wanted: ReturnType<typeof resolveParent>][] = [
  ["a service of Debian 12", "/system.slice/b.service", UNIFIED, inner("/sys/fs/cgroup/system.slice/b.service")],
  ["the root group", "/", UNIFIED, MOUNTED_ROOT],
  [
    "a service in a protected tree",
    "/b.slice/b.service",
    PROTECTED,
    { group: "/sys/fs/cgroup/b.slice/b.service", readOnly: true },
  ],
  [
    "a service that may write to its own part of a protected tree",
    "/b.slice/b.service",
    [PROTECTED, mount(50, "/b.slice/b.service", "/sys/fs/cgroup/b.slice/b.service")].join("\n"),
    inner("/sys/fs/cgroup/b.slice/b.service"),
  ],
  [
    "a scope of a user's own",
    `${USER}/app.slice/run-r1.scope`,
    UNIFIED,
    inner(`/sys/fs/cgroup${USER}/app.slice/run-r1.scope`),
  ],
  ["a container of docker, read-only", "/", DOCKER, { ...MOUNTED_ROOT, readOnly: true }],
  [
    "a rootless container of podman",
    "/",
    DOCKER.replace(" ro,nosuid", " rw,nosuid").replaceAll(" ro,", " rw,"),
    MOUNTED_ROOT,
  ],
  ["a part of the tree", "/docker/abc/x", PART, inner("/sys/fs/cgroup/x")],
  ["the top of a part, which is no root", "/docker/abc", PART, inner("/sys/fs/cgroup")],
  ["where berth has moved its caller", "/b.service/supervisor", UNIFIED, inner("/sys/fs/cgroup/b.service")],
  ["where it was moved at a namespace's root", "/supervisor", UNIFIED, MOUNTED_ROOT],
  ["a namesake of the supervisor", "/a/my-supervisor", UNIFIED, inner("/sys/fs/cgroup/a/my-supervisor")],
  ["below a group called supervisor", "/supervisor/x", UNIFIED, inner("/sys/fs/cgroup/supervisor/x")],
  ["a mount point with a space in its name", "/a b", mount(50, "/", "/mnt/my\\040groups"), inner("/mnt/my groups/a b")],
  [
    "the mount at /sys/fs/cgroup of several",
    "/a/b",
    [mount(50, "/", "/mnt/c"), mount(51, "/a", "/sys/fs/cgroup")].join("\n"),
    inner("/sys/fs/cgroup/b"),
  ],
  [
    "the one mount of several that shows it",
    "/a/b",
    [mount(50, "/x", "/sys/fs/cgroup"), mount(51, "/a", "/mnt/a")].join("\n"),
    inner("/mnt/a/b"),
  ],
  [
    "the mount that shows most of several",
    "/a/b",
    [mount(50, "/a/b", "/mnt/b"), mount(51, "/", "/mnt/c")].join("\n"),
    inner("/mnt/c/a/b"),
  ],
  [
    "a tree beside a v1 hierarchy without memory and pids",
    "/a",
    `${UNIFIED}\n${mount(50, "/", "/run/net", "cgroup")}`,
    inner("/sys/fs/cgroup/a"),
  ],
];
for (const [what, own, mounts, wanted] of OWN) {
  Deno.test(`resolveParent() finds the own group: ${what}`, () => {
    const cgroup = `1:net_cls,name=systemd:/\n0::${own}\n`;
    for (const delegated of ["yes", "unknown"] as const) {
      assertEquals(resolve(SELF, { cgroup, mounts, delegated }), wanted);
    }
  });
}

const NO_OWN: [what: string, facts: Partial<ParentFacts>, code: ErrorCode, words: string][] = [
  [
    "a host with v1 only",
    { mounts: V1, cgroup: "4:memory:/user.slice\n" },
    "cgroup.v1",
    "(at /sys/fs/cgroup/memory and others)",
  ],
  [
    "v1 that is not mounted",
    { mounts: ROOT, cgroup: "4:memory:/x\n" },
    "cgroup.v1",
    "has cgroup v1 only, and berth needs cgroup v2",
  ],
  [
    "a hybrid host",
    { mounts: HYBRID, cgroup: HYBRID_GROUPS },
    "cgroup.hybrid",
    "is mounted at /sys/fs/cgroup/unified, but cgroup v1 has memory and pids",
  ],
  [
    "a host with pids alone on v1",
    { cgroup: "8:pids:/\n0::/\n" },
    "cgroup.hybrid",
    "mounted at /sys/fs/cgroup, but cgroup v1 has pids",
  ],
  ["no mount at all", { mounts: ROOT }, "cgroup.no-mount", "no cgroup2 file system is mounted"],
  ["no mount table", { mounts: "", cgroup: "" }, "cgroup.no-mount", "no cgroup2 file system is mounted"],
  [
    "a mount that a tmpfs hides",
    { mounts: `${UNIFIED}\n60 35 0:99 / /sys/fs/cgroup rw - tmpfs t rw` },
    "cgroup.no-mount",
    "no cgroup2",
  ],
  [
    "a group outside of the namespace",
    { cgroup: "0::/../x\n" },
    "cgroup.namespace",
    "/../x is outside of this cgroup namespace",
  ],
  [
    "a mount from outside of the namespace",
    { mounts: mount(50, "/../..", "/sys/fs/cgroup") },
    "cgroup.namespace",
    "the group / is not in what is mounted here: /../.. at /sys/fs/cgroup",
  ],
  [
    "a part of the tree without the own group",
    { mounts: PART, cgroup: "0::/docker/abcd\n" },
    "cgroup.namespace",
    "/docker/abcd is not in what is mounted here: /docker/abc at /sys/fs/cgroup",
  ],
  [
    "a part of the tree that is the supervisor",
    { mounts: mount(50, "/a/supervisor", "/c"), cgroup: "0::/a/supervisor" },
    "cgroup.namespace",
    "the group /a is not in",
  ],
  ["no own group", { cgroup: "" }, "cgroup.namespace", "does not tell the own group"],
  [
    "a session that is not delegated",
    { cgroup: "0::/user.slice/user-0.slice/session-1.scope\n", delegated: "no" },
    "cgroup.undelegated",
    "berth runs in session-1.scope, which systemd has not delegated",
  ],
  [
    "a slice that is not delegated",
    { cgroup: "0::/user.slice\n", delegated: "no" },
    "cgroup.undelegated",
    "berth runs in /user.slice",
  ],
];
for (const [what, facts, code, words] of NO_OWN) {
  Deno.test(`resolveParent() refuses ${what} with ${code}`, () => {
    assertEquals(assertThrows(() => resolve(SELF, facts), BerthError, words).code, code);
  });
}

const GIVEN: [what: string, path: string, real: string, wanted: ReturnType<typeof resolveParent>][] = [
  ["a group", "/sys/fs/cgroup/ci", "/sys/fs/cgroup/ci", inner("/sys/fs/cgroup/ci")],
  ["the mount point", "/sys/fs/cgroup/", "/sys/fs/cgroup", MOUNTED_ROOT],
  ["a link into the mount", "/srv/groups", "/sys/fs/cgroup/ci", inner("/sys/fs/cgroup/ci")],
];
for (const [what, path, real, wanted] of GIVEN) {
  Deno.test(`resolveParent() takes ${what} that was given, whatever the own group is`, () => {
    for (const cgroup of ["0::/../x\n", "0::/a\n"]) {
      const facts = { cgroup, given: { path, real }, delegated: "no" } as const;
      assertEquals(resolve({ kind: "path", path }, facts), wanted);
    }
  });
}

const FULL = `${UNIFIED}\n${mount(50, "/", "/sys/fs/cgroup/x", "tmpfs")}\n${mount(51, "/", "/mnt/c")}`;
const POINTS = "the cgroup2 mount /sys/fs/cgroup or /mnt/c";
const NOT_GIVEN: [what: string, path: string, real: string, words: string][] = [
  ["a folder elsewhere", "/srv/ci", "/srv/ci", `/srv/ci is not in ${POINTS}`],
  ["a namesake of the mount", "/sys/fs/cgroups", "/sys/fs/cgroups", `/sys/fs/cgroups is not in ${POINTS}`],
  [
    "a link out of the mount",
    "/sys/fs/cgroup/ci",
    "/tmp/ci",
    `/sys/fs/cgroup/ci is really /tmp/ci, which is not in ${POINTS}`,
  ],
  [
    "a group that is missing",
    "/sys/fs/cgroup/ci",
    "",
    `/sys/fs/cgroup/ci does not exist; there is no such group in ${POINTS}`,
  ],
  ["a folder elsewhere that is missing", "/srv/ci", "", `/srv/ci does not exist, and is not in ${POINTS}`],
  ["a folder of another file system in the mount", "/sys/fs/cgroup/x/y", "/sys/fs/cgroup/x/y", `is not in ${POINTS}`],
];
for (const [what, path, real, words] of NOT_GIVEN) {
  Deno.test(`resolveParent() refuses ${what}, and names both paths`, () => {
    const facts = { mounts: FULL, given: { path, real } };
    const error = assertThrows(() => resolve({ kind: "path", path }, facts), BerthError, `--cgroup-parent: ${path} `);
    assertEquals([error.code, error.message.includes(words)], ["cgroup.parent", true], error.message);
  });
}

Deno.test("resolveParent() takes a path that nobody looked up for a missing one", () => {
  assertThrows(() => resolve({ kind: "path", path: "/sys/fs/cgroup/ci" }, {}), BerthError, "does not exist");
});

Deno.test("resolveParent() refuses a given path on a hybrid host, too", () => {
  const path = "/sys/fs/cgroup/unified/ci";
  const facts = { mounts: HYBRID, cgroup: HYBRID_GROUPS, given: { path, real: path } };
  assertEquals(assertThrows(() => resolve({ kind: "path", path }, facts), BerthError).code, "cgroup.hybrid");
});
