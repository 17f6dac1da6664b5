/**
 * The measurements of starts as clones: against a boot, and against a state that is gone on from by hand.
 *
 * @module
 */

import { planIdentity } from "../../lib/guest/identity.ts";
import { whoLine } from "../../lib/guest/protocol.ts";
import { planQemu } from "../../lib/vmm/qemu/args.ts";
import { byBerth, planSame, requestLines, type Setup } from "./calls.ts";
import { type Call, runTimed, shell } from "./child.ts";
import { inTurns, millis, type Side, type Surroundings } from "./measure.ts";
import { SCRATCH, STATE } from "./places.ts";
import { compare } from "./statistics.ts";
import type { Row } from "./table.ts";

const SCRIPT = new URL("by_hand_clone.sh", import.meta.url).pathname;
const RUN_LIMIT_MS = 150_000;
const CLONE = ["--quiet", "--start", "clone"];
const COLD = ["--quiet", "--start", "cold"];
const JOB = ["true"];

/** A whole job that does nothing, three times; and what an idle guest has of the host's memory. */
export async function measureClones(setup: Setup, count: number, surroundings: Surroundings): Promise<Row[]> {
  const { signal, onProgress } = surroundings;
  const side = (call: Call) => async () => millis(await runTimed(call, signal));
  onProgress("clones: a guest is saved");
  await runTimed(byBerth(CLONE, JOB), signal);
  const ours = side(byBerth(CLONE, JOB));
  const cold = await inTurns("clone, cold", count, [ours, side(byBerth(COLD, JOB))], surroundings);
  const hand = await inTurns("clone, by hand", count, [ours, side(await cloneByHand(setup))], surroundings);
  const memory = (flags: readonly string[]): Side<number> => () => idleMebibytes(flags, signal);
  const idle = await inTurns("idle guests", Math.min(count, 3), [memory(CLONE), memory(COLD)], surroundings);
  return [
    {
      name: "a clone's berth run -- true (opponent: the same, booted)",
      unit: "ms",
      target: { at: "most", value: 0.15 },
      result: compare(cold),
    },
    {
      name: "a clone's berth run -- true (opponent: restored by hand)",
      unit: "ms",
      target: { at: "most", value: 1.25 },
      result: compare(hand),
    },
    {
      name: "anonymous memory of an idle clone's VMM (opponent: of a booted guest's)",
      unit: "MiB",
      target: { at: "most", value: 0.4 },
      result: compare(idle),
    },
  ];
}

/** The same clone without berth: of the state that berth has saved, with berth's own arguments of QEMU. */
async function cloneByHand(setup: Setup): Promise<Call> {
  const [state, record] =
    (await shell("looking for the state", 'ls "$1"/*.state "$1"/*.json', `${STATE}/images/.templates`))
      .trim().split("\n").toSorted().toReversed();
  const { nonce } = JSON.parse(await Deno.readTextFile(record)) as { nonce: string };
  const plan = planSame(setup, JOB);
  const folder = `${SCRATCH}/clone`;
  await Deno.mkdir(folder, { recursive: true });
  const seed = crypto.getRandomValues(new Uint8Array(512));
  await Deno.writeFile(`${folder}/identity`, planIdentity({ token: plan.token, serials: [] }, seed, Date.now()));
  const exec = { ...plan.exec, volumes: [], stdin: false, clockSeconds: Math.round(Date.now() / 1000) };
  return {
    what: `restored by hand: ${JOB.join(" ")}`,
    argv: ["sh", SCRIPT, ...planQemu({ ...plan.vm, folder, nonce, state }).map((word) => handMade(word, folder))],
    cwd: folder,
    env: { STATE: state, WHO: whoLine(nonce), REQUEST: await requestLines(exec), BERTH_STATE: STATE },
    limitMs: RUN_LIMIT_MS,
  };
}

/** FIFOs in place of berth's sockets, and this process's own output in place of files. */
function handMade(word: string, folder: string): string {
  const [, id] = /^socket,id=(qmp),/.exec(word) ?? /^socket,.*,id=(agent)$/.exec(word) ?? [];
  if (id !== undefined) return `pipe,id=${id},path=${id}`;
  return word.replace(`${folder}/out,`, "/dev/stdout,").replace(`${folder}/err,`, "/dev/stderr,");
}

/** The most of it, looked at until the VMM ends; the job itself needs next to nothing. */
const LOOK = `until [ "\${pid:-}" ]; do
    for one in $(pgrep -x qemu-system-x86); do ! grep -qF " $1" /proc/$one/mountinfo 2>/dev/null || pid=$one; done
    sleep 0.1
  done
  most=0
  while kib=$(awk '/^Anonymous:/ { print $2 }' /proc/$pid/smaps_rollup 2>/dev/null) && [ "$kib" ]; do
    [ "$kib" -le $most ] || most=$kib
    sleep 0.2
  done
  echo $most`;

async function idleMebibytes(flags: readonly string[], signal: AbortSignal): Promise<number> {
  let looked = Promise.resolve("0");
  const onStart = () => {
    looked = shell("looking at a VMM", LOOK, STATE);
    looked.catch(() => {});
  };
  await runTimed(byBerth(flags, ["sleep", "2"]), signal, onStart);
  return Number((await looked).trim()) / 1024;
}
