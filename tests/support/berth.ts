/**
 * Runs berth as a user does: as a program of its own, from source, or the binary that BERTH_BINARY names.
 *
 * @module
 */

/** Where VM tests keep everything, their own state folder included. */
/** Flags of a job whose test is about a boot, or has no room for what is kept of one; all others may be clones. */
export const COLD = ["--start", "cold"] as const;
export const SCRATCH = "/var/tmp/berth-test/vm";
export const STATE = `${SCRATCH}/state`;

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
/** No call of berth takes this long on purpose: beyond it, something hangs. */
const LIMIT_MS = 420_000;

/** How berth ended, and what it said. */
export interface Outcome {
  readonly code: number;
  readonly out: Uint8Array<ArrayBuffer>;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to call it. */
export interface CallOptions {
  readonly stdin?: Uint8Array<ArrayBuffer>;
  readonly state?: string;
  readonly cwd?: string;
  /** How long this call may take, when it is much to do. */
  readonly limitMs?: number;
  /** Put in front of the command line, as in `["unshare", "-m"]`. */
  readonly wrapper?: readonly string[];
  /** Another main program than berth's own. */
  readonly main?: string;
}

/** The binary that is tested; undefined: the sources are. Asked only when it is needed: not everybody may ask. */
export function binary(): string | undefined {
  return Deno.env.get("BERTH_BINARY") || undefined;
}

/** The command line of a call. */
export function commandLine(args: readonly string[], main = MAIN): string[] {
  const compiled = binary();
  return compiled && main === MAIN ? [compiled, ...args] : sourceCommandLine(args, main);
}

/** The command line of a call from source, whatever BERTH_BINARY says. */
export function sourceCommandLine(args: readonly string[], main = MAIN): string[] {
  return [Deno.execPath(), "run", "-q", "--no-prompt", "--permission-set=berth", main, ...args];
}

/** Starts berth; the caller awaits its end by {@linkcode finish}. */
export function start(args: readonly string[], options: CallOptions = {}): Deno.ChildProcess {
  return new Deno.Command("sh", {
    args: ["-c", 'exec "$@"', "sh", ...(options.wrapper ?? []), ...commandLine(args, options.main)],
    cwd: options.cwd ?? SCRATCH,
    env: { BERTH_STATE: options.state ?? STATE },
    stdin: options.stdin ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Waits for its end and takes what it said. */
export async function finish(child: Deno.ChildProcess, limitMs = LIMIT_MS): Promise<Outcome> {
  const timer = setTimeout(() => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended, but something that it started still holds its output open.
    }
  }, limitMs);
  try {
    const { code, stdout, stderr } = await child.output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, out: stdout, stdout: text(stdout), stderr: text(stderr) };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs berth to its end. */
export async function berth(args: readonly string[], options: CallOptions = {}): Promise<Outcome> {
  const child = start(args, options);
  const outcome = finish(child, options.limitMs);
  if (options.stdin) {
    const writer = child.stdin.getWriter();
    await writer.write(options.stdin);
    await writer.close();
  }
  return await outcome;
}

/** Runs a shell script on the host and returns its stdout. */
export async function shell(script: string, ...args: string[]): Promise<string> {
  const command = new Deno.Command("sh", { args: ["-ec", script, "sh", ...args], stderr: "piped" });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`${script}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/**
 * An empty folder of that name, whatever an earlier run has left there: also names that are no text, which only the
 * host's own programs can remove.
 */
export async function emptyFolder(name: string): Promise<string> {
  const path = `${SCRATCH}/${name}`;
  await shell('rm -rf "$1"; mkdir -p "$1"', path);
  return path;
}

/** Waits until this state folder's VMs are there (and returns one's process id), or gone. */
export async function awaitVmm(wanted: "there" | "gone", state = STATE): Promise<string> {
  const script = `
    vmm() {
      for pid in $(pgrep -x qemu-system-x86); do
        if grep -qF " $1" /proc/$pid/mountinfo 2>/dev/null; then echo $pid && return; fi
      done
    }
    for attempt in $(seq 400); do
      found=$(vmm "$1")
      case $2 in there) [ "$found" ] && echo $found && exit ;; gone) [ "$found" ] || exit 0 ;; esac
      sleep 0.05
    done
    echo "waited 20 s for QEMU to be $2" >&2; exit 1`;
  return (await shell(script, state, wanted)).trim();
}

/**
 * What berth has left on the host: processes, mounts, loop devices, job folders. Empty is right.
 *
 * Processes are known by the state folder, in their environment or among their mounts: other VMs may run on this host.
 */
export async function leftovers(state = STATE): Promise<string[]> {
  // One program for all processes: a shell's loop over them takes seconds where everything is emulated.
  const found = await shell(
    `{
      grep -lzxF "BERTH_STATE=$1" /proc/[0-9]*/environ || true
      grep -lF " $1" /proc/[0-9]*/mountinfo || true
    } 2>/dev/null |
      while read -r file; do
        process=\${file%/*}
        echo "process \${process#/proc/}: $(tr '\\0' ' ' <$process/cmdline 2>/dev/null | cut -c1-100)"
      done
    grep -h ' /run/berth' /proc/self/mounts || true
    grep -HF "$1/" /sys/block/loop*/loop/backing_file 2>/dev/null || true
    ls -d "$1"/jobs/* 2>/dev/null || true`,
    state,
  );
  return found.split("\n").filter((line) => line);
}
