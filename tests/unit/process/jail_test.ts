// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { planBubble, planJail } from "../../../lib/process/jail.ts";
import { LEAD } from "../../../lib/process/tie_to_parent.ts";
import { tryTool } from "../../../lib/process/tool.ts";
import { jailMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";
import { listTree } from "../../support/tree.ts";

const BEFORE_MOUNTS = [
  ...["--ro-bind", "/usr", "/usr"],
  ...["/lib", "/lib64", "/lib32", "/bin", "/sbin"].flatMap((path) => ["--ro-bind-try", path, path]),
  ...["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"],
  ...["--ro-bind-try", "/etc/alternatives", "/etc/alternatives"],
  ...["--dev", "/dev", "--tmpfs", "/tmp"],
];

Deno.test("planJail() ties the jail to its parent, in a session of its own", () => {
  const plan = { readOnly: [], writable: [], cwd: "/" };
  assertEquals(planJail(plan, 4711), [
    "setsid",
    ...["/usr/bin/setpriv", "--pdeathsig", "TERM", "--"],
    ...["sh", "-c", `[ "$PPID" = "$1" ] && shift && ${LEAD}`, "berth-tied", "4711"],
    ...planBubble(plan),
  ]);
});

Deno.test("planBubble() is this command line for a program that keeps no capability", () => {
  assertEquals(
    planBubble({ readOnly: ["/img"], writable: ["/job", "/q.sock"], devices: [["/n/kvm", "/dev/kvm"]], cwd: "/job" }),
    [
      ...["bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL"],
      ...BEFORE_MOUNTS,
      ...["--dev-bind", "/n/kvm", "/dev/kvm"],
      ...["--ro-bind", "/img", "/img"],
      ...["--bind", "/job", "/job", "--bind", "/q.sock", "/q.sock"],
      ...["--chdir", "/job", "--"],
    ],
  );
});

Deno.test("planBubble() is this command line for a program that keeps some", () => {
  const plan = { readOnly: [], writable: [], writableAt: [["/host", "/in"]], cwd: "/in", capabilities: ["CAP_FOWNER"] };
  assertEquals(planBubble({ ...plan, writableAt: [["/host", "/in"]] }), [
    ...["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"],
    ...["--die-with-parent", "--cap-drop", "ALL", "--cap-add", "CAP_FOWNER"],
    ...BEFORE_MOUNTS,
    ...["--bind", "/host", "/in", "--chdir", "/in", "--"],
  ]);
});

Deno.test("planBubble() is this command line for a program that becomes another user, behind a filter", () => {
  const devices = [["/n/tun", "/dev/net/tun"]] as const;
  const plan = { readOnly: ["/s/img"], writable: ["/jobs/x"], devices, cwd: "/jobs/x", user: 200_000, filter: "/f" };
  const may = ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"].flatMap((name) => ["--cap-add", name]);
  assertEquals(planBubble(plan), [
    ...["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"],
    ...["--die-with-parent", "--cap-drop", "ALL", ...may, "--seccomp", "9"],
    // The user gets into no folder that bubblewrap makes on its own.
    ...["--dir", "/etc", "--dir", "/s", "--dir", "/jobs"],
    ...BEFORE_MOUNTS.slice(0, -2),
    ...["--tmpfs", "/dev/pts", "--tmpfs", "/tmp"],
    ...["--dir", "/dev/net", "--dev-bind", "/n/tun", "/dev/net/tun"],
    ...["--ro-bind", "/s/img", "/s/img", "--bind", "/jobs/x", "/jobs/x", "--chdir", "/jobs/x", "--"],
    ...["/usr/bin/setpriv", "--reuid", "200000", "--regid", "200000", "--clear-groups"],
    ...["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--", "/usr/bin/prlimit", "--core=1:1", "--"],
  ]);
  const grouped = planBubble({ ...plan, groups: [108, 5] });
  assertEquals(grouped[grouped.indexOf("--groups") + 1], "108,5");
  assertEquals(grouped.includes("--clear-groups"), false);
});

Deno.test("planBubble() lends the network and its files only to who asks, and no place where private keys are", () => {
  const jail = planBubble({ readOnly: [], writable: [], cwd: "/", network: true });
  assertEquals(jail.slice(0, 3), ["bwrap", "--unshare-all", "--share-net"]);
  const shown = jail.filter((word, index) => jail[index - 1] === "--ro-bind-try" && /^\/(etc|run)\//.test(word));
  assertEquals(shown.map((path) => path.replace("/etc/", "")), [
    ...["ld.so.cache", "alternatives", "resolv.conf", "hosts", "nsswitch.conf", "ca-certificates", "containers"],
    ...["ssl/certs", "ssl/openssl.cnf", "pki/tls/certs", "pki/ca-trust", "/run/systemd/resolve"],
  ]);
  const capable = planBubble({ readOnly: [], writable: [], cwd: "/", network: true, capabilities: ["CAP_CHOWN"] });
  assertEquals(capable.filter((word) => word.endsWith("-net")), []);
  const lonely = planBubble({ readOnly: [], writable: [], cwd: "/", capabilities: ["CAP_CHOWN"] });
  assertEquals([lonely.includes("--unshare-net"), lonely.includes("/etc/resolv.conf")], [true, false]);
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
  const [command, ...jail] = planJail(plan);
  const args = [...jail, "sh", "-c", script];
  const { stdout } = await tryTool({ command, args, env: { MINE: "1" }, leadsGroup: true });
  const words = stdout.split("\n");
  assertEquals(words.slice(0, 2), ["roro", "rw"]);
  // Nothing of this process's environment, and PWD from the jail and the shell.
  const names = words.flatMap((word) => /^(\w+)=/.exec(word)?.[1] ?? []).sort();
  assertEquals(names, ["LC_ALL", "MINE", "PATH", "PWD"]);
  assert(words.includes(`PWD=${folder.path}/rw`));
  const { "ro/new": refused, "rw/new": written } = await listTree(folder.path);
  assertEquals<unknown>([refused, written?.endsWith(": y\n")], [undefined, true]);
});
