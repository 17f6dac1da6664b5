import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Report } from "../../lib/job/report.ts";
import { copyImage } from "../faults/harness.ts";
import {
  awaitVmm,
  berth,
  COLD,
  emptyFolder,
  finish,
  leftovers,
  type Outcome,
  SCRATCH,
  shell,
  start,
  STATE,
} from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** Starts a job that prints "up" and then does what the script says, and waits until it is up. */
async function startJob(script: string, flags: string[] = []) {
  const child = start(["run", "--quiet", ...flags, "--", "sh", "-c", `echo up; ${script}`]);
  const [mine, theirs] = child.stdout.tee();
  const reader = mine.pipeThrough(new TextDecoderStream()).getReader();
  const nextChunk = async () => (await reader.read()).value;
  assertEquals(await nextChunk(), "up\n");
  const ended = Promise.all([new Response(theirs).text(), new Response(child.stderr).text(), child.status]);
  return { child, nextChunk, ended: ended.then(([stdout, stderr, { code }]) => ({ code, stdout, stderr })) };
}

for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`${signal} stops the job, which gets it, and ends with ${status}`, async () => {
    const name = signal.slice(3);
    const { child, ended } = await startJob(`trap 'echo got ${name}; exit 0' ${name}; while :; do sleep 1; done`);
    child.kill(signal);
    const { code, stdout } = await ended;
    assertEquals([code, stdout], [status, `up\ngot ${name}\n`]);
    assertEquals(await leftovers(), []);
  });
}

Deno.test("SIGTERM ends a job that ignores it, and what it has made comes out", async () => {
  const [out, report] = [await emptyFolder("cancelled"), `${SCRATCH}/cancelled.json`];
  const flags = ["--artifact", `/made=${out}`, "--artifact-on", "always", "--cancel-timeout", "40s"];
  const drain = ["--drain", "echo drained >>/made/log", "--report", report];
  const script = "trap 'mkdir /made; echo told >/made/log' TERM; while :; do sleep 1; done";
  const { child, ended } = await startJob(script, [...flags, ...drain]);
  child.kill("SIGTERM");
  const { code, stderr } = await ended;
  assertEquals([code, await shell('cat "$1/log"', out)], [143, "told\ndrained\n"], stderr);
  const { verdict, started, troubles } = JSON.parse(await Deno.readTextFile(report)) as Report;
  assertEquals([verdict, started, troubles], ["cancelled", true, []]);
  assertEquals(await leftovers(), []);
});

Deno.test("a second signal ends a job at once, and the first one is the reason", async () => {
  const report = `${SCRATCH}/second-signal.json`;
  // The job says when it has the first one: of two at once nobody tells which one came first.
  const { child, ended, nextChunk } = await startJob("trap 'echo got INT' INT; while :; do sleep 1; done", [
    "--report",
    report,
  ]);
  child.kill("SIGINT");
  assertEquals(await nextChunk(), "got INT\n");
  child.kill("SIGTERM");
  assertEquals((await ended).code, 130);
  const { evidence } = JSON.parse(await Deno.readTextFile(report)) as Report;
  assertEquals(evidence.filter(({ what }) => what.includes("second")).length, 1, JSON.stringify(evidence, null, 1));
  assertEquals(await leftovers(), []);
});

for (const [signal, status] of [["SIGHUP", 129], ["SIGTERM", 143]] as const) {
  Deno.test(`${signal} during the boot ends it`, async () => {
    const child = start(["run", "--", "true"]);
    const ended = finish(child);
    await awaitVmm("there");
    child.kill(signal);
    assertEquals((await ended).code, status);
    assertEquals(await leftovers(), []);
  });
}

Deno.test("a killed front process takes the VM with it", async () => {
  const { child, ended } = await startJob("while :; do sleep 1; done");
  child.kill("SIGKILL");
  assertEquals((await ended).code, 137);
  // The host process gets its TERM from the kernel, and takes as long as any cancelled job.
  await awaitVmm("gone");
  await shell(`for i in $(seq 200); do ls -d "$1"/jobs/* 2>/dev/null || exit 0; sleep 0.05; done; exit 1`, STATE);
  assertEquals(await leftovers(), []);
});

Deno.test("a killed host process takes QEMU and the mounts with it", async () => {
  const { ended } = await startJob("while :; do sleep 1; done");
  await killHost(STATE);
  const { code, stderr } = await ended;
  assertEquals(code, 123);
  assertStringIncludes(stderr, "berth: the host process was ended by SIGKILL");
  await awaitVmm("gone");
  // Nothing could remove its folder and its lock then; the next start does.
  const left = await leftovers();
  assertEquals(
    left.map((path) => path.replace(/\/[^/.]+(?=$|\.)/, "/ID")),
    ["ID", "ID.owner"].map((name) => `${STATE}/jobs/${name}`),
  );
  assertEquals((await berth(["run", "--quiet", "--", "true"])).code, 0);
  assertEquals(await leftovers(), []);
});

/** Starts a job on a QEMU that hangs, so that berth waits for the guest that it tries. */
async function startHanging(state: string): Promise<{ child: Deno.ChildProcess; ended: Promise<Outcome> }> {
  await copyImage(STATE, state);
  // Of the host it sees windows only.
  const hang = `printf '#!/bin/sh\\n: >/run/berth/self/state/tried\\nexec sleep 12345\\n' >"$0/qemu"; chmod +x "$0/qemu"
    mount --bind "$0/qemu" /usr/bin/qemu-system-x86_64; exec "$@"`;
  const child = start(["run", "--quiet", "--", "true"], {
    state,
    wrapper: ["unshare", "-m", "sh", "-ec", hang, state],
  });
  const ended = finish(child);
  await shell('for i in $(seq 200); do [ -e "$1/tried" ] && exit; sleep 0.05; done; exit 1', state);
  return { child, ended };
}

async function expectNoTrial(state: string): Promise<void> {
  await shell('for i in $(seq 40); do pgrep -f "^sleep 12345$" >/dev/null || exit 0; sleep 0.05; done; exit 1');
  assertEquals(await leftovers(state), []);
}

Deno.test("a host process that is killed while it tries an accelerator takes the guest that it tries with it", async () => {
  const state = await emptyFolder("state-tries");
  const { ended } = await startHanging(state);
  await killHost(state);
  assertEquals((await ended).code, 123);
  await expectNoTrial(state);
  await Deno.remove(state, { recursive: true });
});

Deno.test("a job that is cancelled while berth tries an accelerator ends then, and nothing is remembered", async () => {
  const state = await emptyFolder("state-tries");
  const { child, ended } = await startHanging(state);
  child.kill("SIGTERM");
  assertEquals((await ended).code, 143);
  await expectNoTrial(state);
  // It would be, had the trial run out of time.
  assertEquals(await shell('cat "$1/host.json" 2>/dev/null || true', state), "");
  await Deno.remove(state, { recursive: true });
});

Deno.test("--timeout gives a job its TERM and the time to end, and keeps what it printed", async () => {
  const report = `${SCRATCH}/report.json`;
  const script = "trap 'echo cleaning up; exit 0' TERM; echo working; while :; do sleep 1; done";
  const args = ["run", "--quiet", "--timeout", "2s", "--report", report, "--", "sh", "-c", script];
  const { code, stdout, stderr } = await berth(args);
  assertEquals([code, stdout], [124, "working\ncleaning up\n"]);
  assertStringIncludes(stderr, "timed-out: the job was still running after 2 s");
  assertEquals(JSON.parse(await Deno.readTextFile(report)).verdict, "timed-out");
});

Deno.test("--timeout ends a job that ignores TERM", async () => {
  const script = "trap '' TERM; echo working; while :; do sleep 1; done";
  const { code, stdout } = await berth(["run", "--quiet", "--timeout", "1s", "--", "sh", "-c", script]);
  assertEquals([code, stdout], [124, "working\n"]);
  assertEquals(await leftovers(), []);
});

Deno.test("a killed QEMU is a crashed VMM, and the console is shown", async () => {
  // A clone has said nothing on its console.
  const { ended } = await startJob("while :; do sleep 1; done", [...COLD]);
  await shell("kill -KILL $1", await awaitVmm("there"));
  const { code, stderr } = await ended;
  assertEquals(code, 123);
  assertStringIncludes(stderr, "berth: the end of serial.log:");
  assertStringIncludes(stderr, "vmm-crashed: the VMM was ended by signal 9 under the job");
  assertEquals(await leftovers(), []);
});

for (const [what, key] of [["resets", "b"], ["panics", "c"]]) {
  Deno.test(`a job that ${what} its guest has lost it, and never succeeds`, async () => {
    const { code, stdout, stderr } = await berth([
      "run",
      "--",
      "sh",
      "-c",
      `echo before; echo ${key} >/proc/sysrq-trigger; sleep 60`,
    ]);
    assertEquals(code, 123, stderr);
    // What such a guest had not handed to the host yet goes with it: the topic `output`, and logs_test.ts has how much.
    assert("before\n".startsWith(stdout), stdout);
    assertStringIncludes(stderr, "berth: guest-lost: the guest ended under the job");
    assertEquals(await leftovers(), []);
  });
}

Deno.test("a job that powers off ends itself only: its namespace is not the guest's", async () => {
  const { code, stdout } = await berth(["run", "--quiet", "--", "sh", "-c", "echo before; poweroff -f; sleep 60"]);
  assertEquals([code, stdout], [137, "before\n"]);
});

Deno.test("a reader that goes away cancels the job", async () => {
  const child = start(["run", "--quiet", "--", "yes"]);
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const [stderr, { code }] = await Promise.all([new Response(child.stderr).text(), child.status]);
  assertEquals(code, 141, stderr);
  assertEquals(await leftovers(), []);
});

/** Kills the host process of a job in this state folder. */
async function killHost(state: string): Promise<void> {
  await shell(
    `for process in /proc/[0-9]*; do
      if grep -q ' /run/berth ' $process/mounts 2>/dev/null &&
        tr '\\0' '\\n' <$process/environ 2>/dev/null | grep -qxF "BERTH_STATE=$1"; then kill -KILL \${process#/proc/}; fi
    done`,
    state,
  );
}
