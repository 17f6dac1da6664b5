// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DeadlineError, within } from "../../../lib/base/deadline.ts";
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

/** A process that no signal ends, as one that waits for a dead disk; it keeps what it was sent. */
function endlessProcess() {
  const signals: string[] = [];
  const status = new Promise<Deno.CommandStatus>(() => {});
  const process = { pid: 4_194_305, status, kill: (signal: string) => void signals.push(signal) };
  return { signals, process: process as unknown as Deno.ChildProcess };
}

Deno.test("stop() says so when a process outlives its KILL, and waits for it no more", async () => {
  const { signals, process } = endlessProcess();
  const child = new Child(process, { command: "sh", name: "tar", graceMs: 3, killMs: 7 });
  const error = await assertRejects(() => child.stop(), DeadlineError, "waited 7 ms for tar to be gone after SIGKILL");
  assertEquals([error.code, child.ended, signals], ["wait.deadline", false, ["SIGTERM", "SIGKILL"]]);
});

Deno.test("disposing a Child that outlives its KILL says so once", async () => {
  const { signals, process } = endlessProcess();
  const child = new Child(process, { command: "tar", graceMs: 0, killMs: 7 });
  await assertRejects(async () => await child[Symbol.asyncDispose](), DeadlineError, "tar to be gone after SIGKILL");
  await child[Symbol.asyncDispose]();
  assertEquals(signals, ["SIGKILL"]);
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

Deno.test("disposing a Child gives it the grace that it was started with, and no more", async () => {
  const args = ["-c", 'trap "echo tidied; exit 7" TERM; echo ready; read -r line'];
  const child = startChild({ command: "sh", args, graceMs: 5000, stdin: "piped", stdout: "piped" });
  const words = new Response(child.stdout.pipeThrough(endWith(child, "ready"))).text();
  assertEquals([await within(words, 5000, "its last words"), (await child.status).code], ["ready\ntidied\n", 7]);
  await child.stdin.abort().catch(() => {});
});

Deno.test("disposing a Child that needs no grace KILLs it at once", async () => {
  const args = ["-c", 'trap "exit 7" TERM; echo ready; read -r line'];
  const child = startChild({ command: "sh", args, graceMs: 0, stdin: "piped", stdout: "piped" });
  await new Response(child.stdout.pipeThrough(endWith(child, "ready"))).text();
  assertEquals((await child.status).signal, "SIGKILL");
  await child.stdin.abort().catch(() => {});
});

/** Disposes of a child as soon as it has said a word. */
function endWith(child: Child, word: string): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>> {
  let said = "";
  return new TransformStream({
    transform: (chunk, controller) => {
      said += new TextDecoder().decode(chunk);
      if (said.includes(word)) void child[Symbol.asyncDispose]();
      controller.enqueue(new Uint8Array(chunk));
    },
  });
}

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

Deno.test("startChild() hands on the own environment where that is asked for, below its own PATH", async () => {
  const options = { command: "sh", args: ["-c", 'echo "${HOME-none} $PATH"'], stdout: "piped" } as const;
  const wordsOf = async (inheritsEnv: boolean) => {
    await using child = startChild({ ...options, inheritsEnv });
    return (await new Response(child.stdout).text()).trim().split(" ");
  };
  const [[own, path], [none]] = [await wordsOf(true), await wordsOf(false)];
  assert(own !== "none");
  assertEquals([path, none], ["/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "none"]);
});

/** Never called: it is there to be checked. */
export function wrongPrograms(): void {
  // @ts-expect-error: berth may not run that one
  startChild({ command: "qemu-system-x86_64", args: [] });
  // @ts-expect-error: and a script only those that it names
  startChild<"setpriv">({ command: "sh", args: [] });
  startChild<"setpriv">({ command: "setpriv", args: [] });
}

Deno.test("startChild() says which program is not on this host", () => {
  const start = () => startChild({ command: "berth-no-such-program" as "sh", args: [] });
  const error = assertThrows(start, BerthError, "the program berth-no-such-program is not on this host");
  assertEquals(error.code, "host.program-missing");
});
