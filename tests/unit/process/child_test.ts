// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertThrows } from "@std/assert";
import { within } from "../../../lib/base/deadline.ts";
import { BerthError } from "../../../lib/base/errors.ts";
import { Child, startChild } from "../../../lib/process/child.ts";

/** A script that says `ready` when it is where it wants to be. */
async function startReady(script: string): Promise<Child> {
  const child = startChild({ command: "sh", args: ["-c", script], stdout: "piped", stdin: "piped" });
  const reader = child.stdout.getReader();
  await within(reader.read(), 5000, "the child to be ready");
  void reader.cancel().catch(() => {});
  return child;
}

const STUBBORN = 'trap "" TERM; echo ready; while read -r line; do :; done; while :; do read -r line </dev/zero; done';

Deno.test("stop() ends a process by TERM, and reaps it", async () => {
  await using child = await startReady("echo ready; read -r line");
  await child.stop();
  assertEquals([(await child.status).signal, child.ended], ["SIGTERM", true]);
  await child.stdin.abort().catch(() => {});
});

Deno.test("stop() KILLs a process that does not heed TERM", async () => {
  await using child = await startReady(STUBBORN);
  await child.stop(20);
  assertEquals((await child.status).signal, "SIGKILL");
  await child.stdin.abort().catch(() => {});
});

Deno.test("stop() and kill() leave a process alone that has ended", async () => {
  await using child = startChild({ command: "sh", args: ["-c", "exit 3"] });
  assertEquals((await child.status).code, 3);
  child.kill("SIGKILL");
  await child.stop();
  assertEquals((await child.status).code, 3);
});

Deno.test("kill() KILLs the leader of a group on a host that has no process left to give", async () => {
  const args = ["sh", "-c", "echo ready; exec cat"];
  const child = startChild({ command: "setsid", args, stdout: "piped", stdin: "piped", leadsGroup: true });
  const reader = child.stdout.getReader();
  await within(reader.read(), 5000, "the child to be ready");
  await reader.cancel();
  const { outputSync } = Deno.Command.prototype;
  Deno.Command.prototype.outputSync = () => {
    throw new Error("Resource temporarily unavailable (os error 11)");
  };
  try {
    child.kill("SIGKILL");
  } finally {
    Deno.Command.prototype.outputSync = outputSync;
  }
  assertEquals((await within(child.status, 5000, "the child's end")).signal, "SIGKILL");
  await child.stdin.abort().catch(() => {});
});

Deno.test("disposing a Child ends it", async () => {
  let status;
  {
    await using child = await startReady("echo ready; read -r line");
    status = child.status;
    await child.stdin.abort().catch(() => {});
  }
  assert((await status).success === false);
});

Deno.test("a Child has ended only when it has", async () => {
  await using child = startChild({ command: "sh", args: ["-c", "read -r line"], stdin: "piped" });
  assertEquals(child.ended, false);
  await child.stdin.close();
  await child.status;
  assertEquals(child.ended, true);
});

Deno.test("startChild() gives a child nothing of the own environment, but what it is told to", async () => {
  await using child = startChild({ command: "sh", args: ["-c", "exec env"], env: { EXTRA: "1" }, stdout: "piped" });
  const lines = (await new Response(child.stdout).text()).trim().split("\n").filter((line) =>
    !/^(PWD|_|SHLVL)=/.test(line)
  );
  await child.status;
  assertEquals(lines.sort(), [
    "EXTRA=1",
    "LC_ALL=C.UTF-8",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  ]);
});

Deno.test("startChild() says which program is not on this host", () => {
  const start = () => startChild({ command: "berth-no-such-program" as "sh", args: [] });
  const error = assertThrows(start, BerthError, "the program berth-no-such-program is not on this host");
  assertEquals(error.code, "host.program-missing");
});
