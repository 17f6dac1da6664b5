/**
 * The contract on a real tree: the test host's.
 *
 * @module
 */
import { type CgroupFs, joinPath } from "../../lib/cgroup/cgroup_fs.ts";
import { DenoCgroupFs } from "../../lib/cgroup/deno_cgroup_fs.ts";
import { cgroupFsContract, type CgroupHarness, type ContractProcess, untilEvent } from "../contract/cgroup_fs.ts";

const WINDOW = "/run/test-host/cgroup";
const ALL = "+memory +pids +cpu +io +cpuset";

/** Joins the group, says so, and sleeps in there. */
const SLEEPER = `echo $$ >"$1/cgroup.procs" && echo in && exec sleep 1000`;

interface Sleeper extends ContractProcess {
  kill(): void;
}

async function spawn(path: string): Promise<Sleeper> {
  const args = ["-ec", SLEEPER, "sh", path];
  const child = new Deno.Command("sh", { args, stdin: "null", stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  await reader.cancel();
  if (done) throw new Error(`no process could be started in ${path}: ${(await child.status).code}`);
  let isAlive = true;
  const ended = child.status.then(() => void (isAlive = false));
  const kill = () => {
    if (isAlive) child.kill("SIGKILL");
  };
  return { pid: child.pid, alive: () => isAlive, ended, kill };
}

async function removeTree(fs: CgroupFs, path: string): Promise<void> {
  for (const name of await fs.children(path)) await removeTree(fs, joinPath(path, name));
  await fs.rmdir(path);
}

async function findDisk(): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-ec", "cat /sys/block/nvme*/dev /sys/block/*/dev"] })
    .output();
  return new TextDecoder().decode(stdout).split("\n")[0];
}

const device = await findDisk();
let count = 0;

cgroupFsContract("DenoCgroupFs", async (): Promise<CgroupHarness> => {
  const fs = new DenoCgroupFs(WINDOW);
  const group = `contract-${++count}`;
  const processes: Sleeper[] = [];
  await fs.write("cgroup.subtree_control", ALL);
  await fs.mkdir(group);
  await fs.write(joinPath(group, "cgroup.subtree_control"), ALL);
  return {
    fs,
    group,
    device,
    async spawn(path) {
      const process = await spawn(`${WINDOW}/${path}`);
      processes.push(process);
      return process;
    },
    async [Symbol.asyncDispose]() {
      // One by one, as a test may have failed while one of them was outside of its group.
      for (const process of processes) process.kill();
      await Promise.all(processes.map(({ ended }) => ended));
      await untilEvent(fs, group, "populated 0");
      await removeTree(fs, group);
    },
  };
});
