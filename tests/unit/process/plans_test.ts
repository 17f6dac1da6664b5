// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { planJail } from "../../../lib/process/jail.ts";
import { planLaunch } from "../../../lib/process/launch.ts";
import { jailMissing, programsMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";
import { listTree } from "../../support/tree.ts";

const BEFORE_MOUNTS = [
  ...["--clearenv", "--setenv", "PATH", "/usr/sbin:/usr/bin:/sbin:/bin", "--setenv", "LC_ALL", "C.UTF-8"],
  ...["--ro-bind", "/usr", "/usr"],
  ...["/lib", "/lib64", "/lib32", "/bin", "/sbin"].flatMap((path) => ["--ro-bind-try", path, path]),
  ...["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"],
  ...["--ro-bind-try", "/etc/alternatives", "/etc/alternatives"],
  ...["--dev", "/dev", "--tmpfs", "/tmp"],
];

Deno.test("planJail() is this command line for a program that keeps no capability", () => {
  assertEquals(planJail({ readOnly: ["/img"], writable: ["/job", "/q.sock"], devices: ["/dev/kvm"], cwd: "/job" }), [
    ...["setsid", "bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL"],
    ...BEFORE_MOUNTS,
    ...["--dev-bind", "/dev/kvm", "/dev/kvm"],
    ...["--ro-bind", "/img", "/img"],
    ...["--bind", "/job", "/job", "--bind", "/q.sock", "/q.sock"],
    ...["--chdir", "/job", "--"],
  ]);
});

Deno.test("planJail() is this command line for a program that keeps some", () => {
  const plan = { readOnly: [], writable: [], writableAt: [["/host", "/in"]], cwd: "/in", capabilities: ["CAP_FOWNER"] };
  assertEquals(planJail({ ...plan, writableAt: [["/host", "/in"]] }), [
    ...["setsid", "bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"],
    ...["--die-with-parent", "--cap-drop", "ALL", "--cap-add", "CAP_FOWNER"],
    ...BEFORE_MOUNTS,
    ...["--bind", "/host", "/in", "--chdir", "/in", "--"],
  ]);
});

testNeeding(await jailMissing(), "planJail() makes a jail that shows what it should, and nothing else", async () => {
  await using folder = await temporaryFolder();
  for (const name of ["ro", "rw", "hidden"]) {
    await Deno.mkdir(`${folder.path}/${name}`);
    await Deno.writeTextFile(`${folder.path}/${name}/file`, name);
  }
  const plan = { readOnly: [`${folder.path}/ro`], writable: [`${folder.path}/rw`], cwd: `${folder.path}/rw` };
  const script =
    "cat ../ro/file; echo x >../ro/new; echo y >new; ls ../hidden /root /etc/passwd /sys; ls -A ..; env; pwd";
  const [command, ...args] = [...planJail(plan), "sh", "-c", script];
  const { stdout } = await new Deno.Command(command, { args, stderr: "null", env: { SECRET: "1" } }).output();
  const words = new TextDecoder().decode(stdout).split("\n");
  assertEquals(words.slice(0, 2), ["roro", "rw"]);
  assert(words.includes(`PWD=${folder.path}/rw`) && !words.some((word) => word.startsWith("SECRET")));
  const { "ro/new": refused, "rw/new": written } = await listTree(folder.path);
  assertEquals<unknown>([refused, written?.endsWith(": y\n")], [undefined, true]);
});

Deno.test("planLaunch() joins the group first, then enters the jail, then is the program", () => {
  const jail = { readOnly: [], writable: [], cwd: "/" };
  assertEquals(planLaunch({ cgroup: "/cg/vm", jail, argv: ["qemu", "-x"] }), {
    command: "sh",
    args: [
      ...["-c", 'echo 0 >"$1/cgroup.procs" && shift && exec "$@"', "berth-launch", "/cg/vm"],
      ...planJail(jail),
      ...["qemu", "-x"],
    ],
  });
});

Deno.test("planLaunch() ends a program with its parent where no jail does", () => {
  assertEquals(planLaunch({ argv: ["qemu", "a b"] }), {
    command: "sh",
    args: ["-c", 'exec "$@"', "berth-launch", "setsid", "setpriv", "--pdeathsig", "KILL", "--", "qemu", "a b"],
  });
});

testNeeding(
  await programsMissing("setsid", "setpriv"),
  "a launched program is in its group before it is itself",
  async () => {
    await using folder = await temporaryFolder();
    const cgroup = `${folder.path}/a group`;
    await Deno.mkdir(cgroup);
    const seen = ["sh", "-c", 'cat "$1/cgroup.procs"; printf "%s|" "$@"', "sh", cgroup, "a b", ""];
    const { command, args } = planLaunch({ cgroup, argv: seen });
    const { stdout } = await new Deno.Command(command, { args }).output();
    assertEquals(new TextDecoder().decode(stdout), `0\n${cgroup}|a b||`);
  },
);

testNeeding(await programsMissing("setsid"), "a launch that can't join its group starts nothing", async () => {
  const { command, args } = planLaunch({ cgroup: "/nonexistent", argv: ["sh", "-c", "echo started"] });
  const { success, stdout } = await new Deno.Command(command, { args }).output();
  assertEquals([success, new TextDecoder().decode(stdout)], [false, ""]);
});
