/**
 * berth's own units in the test host, where the compiled binary is.
 *
 * @module
 */

import { assertEquals, assertNotEquals } from "@std/assert";
import { binary, shell } from "../berth.ts";
import { type Problem, testNeeding } from "../require.ts";

export const DAEMON = "berth.service";
/** Where berth keeps everything when nobody says otherwise. */
export const STATE = "/var/lib/berth";

/** Where `berth systemd install` puts the units. */
export const UNITS = "/etc/systemd/system";

const BINARY = binary();
/** Why there is nothing that a unit could run. */
export const problem: Problem = BINARY === undefined
  ? "BERTH_BINARY names no binary (deno task compile makes one)"
  : undefined;

/** How a berth of the binary ended, and what it said on standard error. */
export async function call(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ code: number; stderr: string }> {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", 'exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"', "sh", ...variables, BINARY!, ...args],
    stdout: "null",
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

/** What systemd says of a unit. */
export async function show(unit: string, ...names: string[]): Promise<string[]> {
  const lines = (await shell('unit=$1; shift; for name; do systemctl show -P "$name" -- "$unit"; done', unit, ...names))
    .split("\n");
  return names.map((_, index) => lines[index]);
}

/** A job takes some 15 s in the test host, and several times that on a slow machine with others beside it. */
const LIMIT_MS = 300_000;

/** Waits until a property has a value; of a unit that has failed no other state is waited for. */
export async function awaitProperty(unit: string, name: string, wanted: string): Promise<void> {
  const until = performance.now() + LIMIT_MS;
  while (true) {
    const [value] = await show(unit, name);
    if (value === wanted) return;
    if (performance.now() > until || value === "failed") {
      throw new Error(
        `${name} of ${unit} is ${value}, not ${wanted}:\n${await shell('systemctl status -- "$1" || true', unit)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Writes what a job of berth-run@NAME is. */
export async function describeJob(name: string, args: string): Promise<void> {
  await shell('mkdir -p /etc/berth/run && printf "%s\\n" "ARGS=$2" >"/etc/berth/run/$1"', name, args);
}

/** Registers a test with the units installed and the daemon running, and takes both away afterwards. */
export function serviceTest(name: string, fn: (mainPid: string) => Promise<void>): void {
  testNeeding(problem, name, async () => {
    await install();
    try {
      await shell('systemctl start "$1"', DAEMON);
      const [mainPid] = await show(DAEMON, "MainPID");
      await fn(mainPid);
    } finally {
      await uninstall();
    }
    await expectNoJob();
  });
}

/** Writes the units, and has systemd see them. */
export async function install(): Promise<void> {
  const { code, stderr } = await call(["systemd", "install"]);
  assertEquals(code, 0, stderr);
  await shell("systemctl daemon-reload");
}

/** Takes units, drop-ins and the configuration away. */
export async function uninstall(): Promise<void> {
  await shell(
    `systemctl stop 'berth-run@*.service' "$1"
     systemctl reset-failed "$1" 'berth-run@*.service' 2>/dev/null || true
     rm -rf "$2"/berth.service* "$2"/berth-run@.service* /etc/berth
     systemctl daemon-reload`,
    DAEMON,
    UNITS,
  );
}

/** Changes a unit, as systemctl edit does. */
export async function dropIn(unit: string, lines: string): Promise<void> {
  await shell(
    'mkdir -p "$1/$2.d" && printf "[Service]\\n%s\\n" "$3" >"$1/$2.d/test.conf" && systemctl daemon-reload',
    UNITS,
    unit,
    lines,
  );
}

/** Starts a job, waits until it has printed "up", and returns the unit's name. */
export async function startJob(name: string, args: string): Promise<string> {
  const unit = `berth-run@${name}.service`;
  await describeJob(name, args);
  await shell(
    `systemctl start "$1"
     for turn in $(seq 300); do
       journalctl --namespace=berth -q --no-pager -o cat _SYSTEMD_INVOCATION_ID="$(systemctl show -P InvocationID "$1")" |
         grep -qx up && exit
       sleep 0.1
     done
     systemctl status "$1" >&2; exit 1`,
    unit,
  );
  return unit;
}

/** Leaves what a berth leaves that is killed with all it has started. */
export async function leaveJob(): Promise<void> {
  const unit = await startJob("killed", "-- sh -c 'echo up; sleep 600'");
  await shell('systemctl kill --signal=KILL "$1"', unit);
  await awaitProperty(unit, "ActiveState", "failed");
  await shell('systemctl reset-failed "$1"', unit);
  assertNotEquals(await shell(`ls ${STATE}/jobs`), "");
}

/** Nothing of any job is there: no folder, process or group. */
export async function expectNoJob(): Promise<void> {
  const left = await shell(
    `find ${STATE}/jobs -mindepth 1 ! -name .lock 2>/dev/null || true
     pgrep -r R,S,D,T,t -lx 'qemu-system-x86|bwrap' || true
     find /sys/fs/cgroup -type d -name 'vm-*'`,
  );
  assertEquals(left, "");
}
