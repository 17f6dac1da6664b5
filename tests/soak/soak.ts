/**
 * Many jobs in a row, most of which break: nothing of them adds up.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { type Case, type Place, tryFault } from "../faults/harness.ts";
import { shell } from "../support/berth.ts";

/** One job in so many has nothing wrong, as most have on a real host. */
const SOUND_IN = 4;
/** A job with nothing wrong. */
export const SOUND: Case = { label: "a sound job", script: "echo line", verdict: "succeeded", status: 0 };
/** How much the kernel may have kept for others meanwhile: on a host nobody is alone. */
const NOISE_KIB = 64 * 1024;
const COUNT_EVERY = 10;

/** What could add up. What begins with `host` is of everybody on it, for the eye; kernel memory is in KiB. */
interface Census {
  readonly files: number;
  /** Saved states, each with its record: they are kept for others, so many and no more. */
  readonly templates: number;
  readonly mounts: number;
  readonly sockets: number;
  readonly loops: number;
  readonly groups: number;
  readonly hostProcesses: number;
  readonly hostFileHandles: number;
  readonly hostDyingGroups: number;
  readonly kernelKib: number;
}

/** How many saved states are kept; see lib/image/template/store.ts. */
const MOST_TEMPLATES = 8;
/** What must not be more at the end than after the first job. */
const OURS = ["files", "mounts", "sockets", "loops", "groups"] as const;

async function count({ state }: Place): Promise<Census> {
  const script = `set +e; exec 2>/dev/null
    templates=$1/images/.templates
    find "$1" /run/berth -not -path "$1/points*" -not -path "$templates/*.state" -not -path "$templates/*.json" | wc -l
    ls "$templates"/*.state | wc -l
    grep -cE " (/run/berth|$1)" /proc/self/mounts
    grep -c berth /proc/net/unix
    cat /sys/block/loop*/loop/backing_file | grep -cF "$1/"
    find /sys/fs/cgroup -type d '(' -name 'vm-*' -o -name 'tenant-*' -o -name 'berth-*' ')' | wc -l
    ls -d /proc/[0-9]* | wc -l
    cut -f 1 /proc/sys/fs/file-nr
    grep -h nr_dying_descendants /sys/fs/cgroup/cgroup.stat /dev/null | grep . || echo absent 0
    awk '/^(Shmem|SUnreclaim|KernelStack|PageTables|Percpu):/ { sum += $2 } END { print sum }' /proc/meminfo`;
  const numbers = (await shell(script, state)).trim().split("\n").map((line) => Number(line.split(" ").at(-1)));
  const [files, templates, mounts, sockets, loops, groups, hostProcesses, hostFileHandles, hostDyingGroups, kernelKib] =
    numbers;
  return {
    files,
    templates,
    mounts,
    sockets,
    loops,
    groups,
    hostProcesses,
    hostFileHandles,
    hostDyingGroups,
    kernelKib,
  };
}

/** None of those that have gone on from a saved state has changed it: it is as its record says. */
async function expectTemplatesWhole({ state }: Place): Promise<void> {
  const script = `cd "$1/images/.templates"
    for state in *.state; do
      sum=$(sha256sum <"$state")
      grep -qF "\${sum%% *}" "\${state%.state}.json" || echo "$state"
    done`;
  assertEquals(await shell(script, state), "", "a saved state is not what was saved");
}

/** Runs so many jobs, each with a case of these; the seed says which. */
export async function soak(place: Place, cases: readonly Case[], jobs: number, seed: number): Promise<void> {
  const random = generator(seed);
  console.log(`${jobs} jobs, seed ${seed}, of ${cases.length} cases`);
  await tryFault(place, SOUND);
  const before = await count(place);
  console.log(JSON.stringify(before));
  const seen = new Map<string, number>();
  const memory: number[] = [];
  for (let job = 1; job <= jobs; job++) {
    const one = random() < 1 / SOUND_IN ? SOUND : cases[Math.floor(random() * cases.length)];
    const name = one.verdict ?? "no report";
    seen.set(name, (seen.get(name) ?? 0) + 1);
    try {
      await tryFault(place, one);
    } catch (cause) {
      throw new Error(`job ${job}, ${one.label}`, { cause });
    }
    if (job % COUNT_EVERY !== 0 && job !== jobs) continue;
    const now = await count(place);
    console.log(`${job}: ${JSON.stringify(now)}`);
    memory.push(now.kernelKib);
    assert(now.templates <= MOST_TEMPLATES, `${now.templates} saved states`);
    assertEquals(OURS.filter((what) => now[what] > before[what]), [], `there is more of it after ${job} jobs`);
  }
  console.log(JSON.stringify(Object.fromEntries(seen)));
  await expectTemplatesWhole(place);
  const third = Math.ceil(memory.length / 3);
  const [first, last] = [median(memory.slice(0, third)), median(memory.slice(-third))];
  assert(last < first + NOISE_KIB, `the kernel's own memory grew from ${first} to ${last} KiB`);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/** Numbers from 0 to 1, the same ones for the same seed (xorshift32). */
function generator(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
