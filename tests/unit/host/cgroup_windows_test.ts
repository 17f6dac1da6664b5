// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import script from "../../../lib/host/cgroup_windows.sh" with { type: "text" };
import { testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";

/**
 * What a real mount would take root for, and a real tree cgroup v2: `findmnt` says what the test says, each folder below
 * `tree` is one of a cgroup tree, and a bind mount is a line.
 */
const STAND_INS = `
set -eu
self=$1 action=$2
shift 2
findmnt() { printf '%s\\n' "$MOUNTS"; }
bind() { printf '%s\\n' "$*" >>$self/bound; }
stat() {
  case $2 in
  %T) case $4 in */tree/*) echo cgroup2fs ;; *) echo ext2/ext3 ;; esac ;;
  *) command stat "$@" ;;
  esac
}
`;

interface Run {
  /** What the function has printed. */
  readonly said: string;
  /** The bind mounts, as in `writable cgroup PATH`. */
  readonly bound: string;
  /** A fact that was written, or nothing. */
  fact(name: string): Promise<string>;
}

interface Place extends AsyncDisposable {
  readonly path: string;
  run(action: string, options?: { mounts?: string; args?: string[]; own?: string; env?: string }): Promise<Run>;
}

async function readIfThere(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
}

async function place(): Promise<Place> {
  const folder = await temporaryFolder();
  const self = `${folder.path}/self`;
  await Deno.mkdir(`${self}/host`, { recursive: true });
  await Deno.mkdir(`${folder.path}/tree/a group`, { recursive: true });
  return {
    path: folder.path,
    async run(action, { mounts = "", args = [], own = "0::/\n", env = "" } = {}) {
      await Deno.writeTextFile(`${self}/host/cgroup`, own);
      const text = `MOUNTS=$3\n${env}\n${STAND_INS.replace("shift 2", "shift 3")}\n${script}\n$action "$@"`;
      const words = ["-c", text, "sh", self, action, mounts, ...args];
      const { success, stdout, stderr } = await new Deno.Command("sh", { args: words }).output();
      assert(success, new TextDecoder().decode(stderr));
      return {
        said: new TextDecoder().decode(stdout).trimEnd(),
        bound: (await readIfThere(`${self}/bound`)).trimEnd(),
        fact: async (name) => (await readIfThere(`${self}/host/${name}`)).trimEnd(),
      };
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const OWN_GROUPS: [what: string, own: string, mounts: string, wanted: string][] = [
  ["a unit", "/system.slice/ci.service", "/ /sys/fs/cgroup", "/sys/fs/cgroup/system.slice/ci.service"],
  ["the root", "/", "/ /sys/fs/cgroup", "/sys/fs/cgroup/"],
  ["a leaf that an earlier berth has made", "/ci/supervisor", "/ /sys/fs/cgroup", "/sys/fs/cgroup/ci/"],
  ["a leaf right below the root", "/supervisor", "/ /sys/fs/cgroup", "/sys/fs/cgroup/"],
  ["a group that only looks like the leaf", "/ci/my-supervisor", "/ /cg", "/cg/ci/my-supervisor"],
  ["a part that is mounted", "/docker/abc/job", "/docker/abc /sys/fs/cgroup", "/sys/fs/cgroup/job"],
  ["the group that is mounted itself", "/docker/abc", "/docker/abc /sys/fs/cgroup", "/sys/fs/cgroup"],
  ["a mount of a group with a longer name", "/docker/abcd", "/docker/abc /sys/fs/cgroup", ""],
  ["no mount that shows it", "/a", "/b /x", ""],
  ["no mount at all", "/a", "", ""],
  ["what is outside of the namespace", "/../a", "/ /sys/fs/cgroup", "/sys/fs/cgroup/../a"],
  ["the usual mount, whatever comes first", "/ci", "/ci /run/x\n/ /run/y\n/ /sys/fs/cgroup", "/sys/fs/cgroup/ci"],
  ["the mount that shows most", "/a/b/c", "/a/b /x\n/a /y\n/a/b/c /z", "/y/b/c"],
];
for (const [what, own, mounts, wanted] of OWN_GROUPS) {
  Deno.test(`own_group finds ${what}`, async () => {
    await using there = await place();
    // Hybrid hosts have lines of v1 as well.
    const { said } = await there.run("own_group", { mounts, own: `4:memory:/x\n1:name=systemd:/y\n0::${own}\n` });
    assertEquals(said, wanted);
  });
}

Deno.test("bind_group opens a window on a folder of a cgroup tree, and on nothing else", async () => {
  await using there = await place();
  const plain = await there.run("bind_group", { args: [there.path] });
  const none = await there.run("bind_group", { args: [`${there.path}/tree/none`] });
  const empty = await there.run("bind_group", { args: [""] });
  assertEquals([plain.bound, none.bound, empty.bound, await empty.fact("cgroup_window")], ["", "", "", ""]);
  const group = `${there.path}/tree/a group`;
  const opened = await there.run("bind_group", { args: [group] });
  assertEquals([opened.bound, await opened.fact("cgroup_window")], [`writable cgroup ${group}`, group]);
});

Deno.test("a backslash in a path stays one", async () => {
  await using there = await place();
  const group = `${there.path}/tree/a\\tb\\0101`;
  await Deno.mkdir(group);
  const { bound, fact } = await there.run("bind_group", { args: [group] });
  assertEquals([bound, await fact("cgroup_window")], [`writable cgroup ${group}`, group]);
});

Deno.test("open_cgroup notes what a named group really is, also when it is none of cgroup v2", async () => {
  await using there = await place();
  const link = 'ln -s "tree/a group" "$1/link"';
  assertEquals((await new Deno.Command("sh", { args: ["-c", link, "sh", there.path] }).output()).success, true);
  const group = `${there.path}/tree/a group`;
  const named = await there.run("open_cgroup", { args: [`${there.path}/link`], env: "BERTH_DELEGATED=no" });
  assertEquals([await named.fact("cgroup_given"), await named.fact("cgroup_window")], [group, group]);
  assertEquals([await named.fact("delegated"), named.bound], ["no", `writable cgroup ${group}`]);
  assert((await named.fact("cgroup")).includes(":"), "/proc/self/cgroup");
});

for (const path of ["", "/none"]) {
  Deno.test(`open_cgroup opens no window on ${path ? "what is not there" : "a plain folder"}`, async () => {
    await using there = await place();
    const { bound, fact } = await there.run("open_cgroup", { args: [there.path + path] });
    assertEquals([bound, await fact("cgroup_window")], ["", ""]);
    assertEquals(await fact("cgroup_given"), path ? "" : there.path);
  });
}

Deno.test("open_group opens the window that a job's record names, and none without a record", async () => {
  await using there = await place();
  const [record, group] = [`${there.path}/job.cgroup`, `${there.path}/tree/a group`];
  assertEquals((await there.run("open_group", { args: [record] })).bound, "");
  // A record that names something else opens nothing, whoever has written it.
  await Deno.writeTextFile(record, `${there.path}\n`);
  assertEquals((await there.run("open_group", { args: [record] })).bound, "");
  await Deno.writeTextFile(record, `${group}\n`);
  assertEquals((await there.run("open_group", { args: [record] })).bound, `writable cgroup ${group}`);
});

Deno.test("open_gone notes the groups whose parents are gone, and none that may only be out of sight", async () => {
  await using there = await place();
  const tree = `${there.path}/tree`;
  const none = await there.run("open_gone", { args: [`${there.path}/none`] });
  assertEquals(await none.fact("groups_gone"), "");
  const gone = [`${tree}/gone.scope/vm-a`, `${tree}/a group/x/y/vm-b`, `${tree}/gone.scope/tenant-acme/vm-c`];
  const others = [
    // It may have been made since, or its tenant's; or it is none of berth's; or it is in another tree.
    ...[`${tree}/a group/vm-d`, `${tree}/a group/tenant-acme/vm-e`, `${tree}/gone.scope`, `${tree}/gone.scope/x`],
    ...[`${there.path}/other/gone/vm-f`, "/gone/vm-g", "gone/vm-h", ""],
  ];
  for (const [index, group] of [...gone, ...others].entries()) {
    await Deno.writeTextFile(`${there.path}/${index}.cgroup`, `${group}\n`);
  }
  const { fact, bound } = await there.run("open_gone", { args: [there.path] });
  assertEquals([(await fact("groups_gone")).split("\n").sort(), bound], [gone.toSorted(), ""]);
});

Deno.test("open_device notes device nodes that are there, and nothing else", async () => {
  await using there = await place();
  await there.run("open_device", { args: ["/dev/null"] });
  for (const path of [there.path, `${there.path}/self/host/cgroup`, "/dev/none", "/dev/shm"]) {
    await there.run("open_device", { args: [path] });
  }
  const { fact } = await there.run("open_device", { args: ["/dev/zero"] });
  assertEquals(await fact("devices"), "/dev/null\n/dev/zero");
});

Deno.test("open_block notes no number of what is no disk", async () => {
  await using there = await place();
  for (const path of ["/dev/null", "/dev/none", there.path, "none", "../../../etc"]) {
    const { fact } = await there.run("open_block", { args: [path] });
    assertEquals(await fact("block"), "", path);
  }
});

/** A disk that has a node; nothing on a machine without. */
const DISK = new TextDecoder().decode(
  (await new Deno.Command("sh", {
    args: ["-c", 'for disk in /sys/class/block/*; do [ -b "/dev/${disk##*/}" ] && basename "$disk" && exit; done'],
  }).output()).stdout,
).trim();

testNeeding(DISK ? undefined : "no disk in /dev", "open_block notes a disk's number by its name and path", async () => {
  await using there = await place();
  await there.run("open_block", { args: [DISK] });
  const { fact } = await there.run("open_block", { args: [`/dev/${DISK}`] });
  const lines = (await fact("block")).split("\n");
  const number = /^\S+ (\d+:\d+)$/.exec(lines[0])?.[1];
  // The name's is from the kernel's own file, the path's from the node.
  assertEquals(lines, [`${DISK} ${number}`, `/dev/${DISK} ${number}`]);
});

Deno.test("open_spare_slice opens a slice only for root, and only where berth's own group was not given to it", async () => {
  await using there = await place();
  const tried = async (env: string, isRoot = true) => {
    const action = `open_slice() { echo "slice $1"; }; may_order() { ${isRoot}; }; open_spare_slice berth.slice`;
    return (await there.run("eval", { args: [action], env })).said;
  };
  assertEquals(await tried("BERTH_DELEGATED=no"), "slice berth.slice");
  for (const env of ["BERTH_DELEGATED=yes", "BERTH_DELEGATED=", "unset BERTH_DELEGATED"]) {
    assertEquals(await tried(env), "", env);
  }
  assertEquals(await tried("BERTH_DELEGATED=no", false), "");
});
