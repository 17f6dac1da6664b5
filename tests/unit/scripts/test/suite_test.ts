import { assert, assertEquals } from "@std/assert";
import { runSuite } from "../../../../scripts/test/suite.ts";
import { testNeeding } from "../../../support/require.ts";
import { shell } from "../../../support/berth.ts";

const MINUTE_MS = 60_000;
const nowhere = () => Promise.resolve();

/** Starts something that goes on by itself, says that a test is on, and hangs. */
const hanging = (mark: string) => [
  ...["sh", "-c"],
  `sleep ${mark} & setsid sleep ${mark} & echo "the one that hangs ..."; sleep ${mark}`,
];

/** Whether namespaces can be made, as root can. */
const namespaces = await shell("unshare --mount --pid --fork --mount-proc true && echo yes || true");

async function running(mark: string): Promise<string> {
  return (await shell(`pgrep -fx 'sleep ${mark}' || true`)).trim();
}

Deno.test("runSuite() passes on what a suite prints, and how it ended", async () => {
  let printed = "";
  const write = (chunk: Uint8Array) => Promise.resolve(printed += new TextDecoder().decode(chunk));
  const command = ["sh", "-c", "echo 'a ... ok (1s)'; echo 'ok | 1 passed | 0 failed (1s)' >&2; exit 3"];
  const { code, progress, cut } = await runSuite({ command, limitMs: MINUTE_MS }, false, never(), write);
  assertEquals([code, progress.counts, cut], [3, { passed: 1, failed: 0, ignored: 0 }, undefined]);
  assert(printed.includes("a ... ok (1s)\n"), printed);
});

Deno.test("runSuite() ends a suite that hangs at its limit, and knows which test was on", async () => {
  const { progress, cut } = await runSuite({ command: hanging("9.41"), limitMs: 1000 }, false, never(), nowhere);
  assertEquals(progress.current, "the one that hangs");
  assert(cut?.startsWith("it was not through after "), cut);
});

testNeeding(
  namespaces.trim() === "yes" ? undefined : "no namespaces can be made",
  "runSuite() leaves nothing of a suite that is told to stop, not even what left its session",
  async () => {
    const stop = new AbortController();
    const write = (chunk: Uint8Array) => {
      if (new TextDecoder().decode(chunk).includes("hangs")) stop.abort("it got SIGTERM");
      return Promise.resolve();
    };
    const { progress, cut } = await runSuite(
      { command: hanging("31.42"), limitMs: MINUTE_MS },
      true,
      stop.signal,
      write,
    );
    assertEquals([progress.current, cut], ["the one that hangs", "it got SIGTERM"]);
    assertEquals(await running("31.42"), "");
  },
);

testNeeding(
  namespaces.trim() === "yes" ? undefined : "no namespaces can be made",
  "runSuite() leaves no dead process of a suite unburied, and passes its status on",
  async () => {
    let printed = "";
    const write = (chunk: Uint8Array) => Promise.resolve(printed += new TextDecoder().decode(chunk));
    const orphans = "for i in 1 2 3; do (sh -c 'sleep 0.1; exit' &); done; sleep 1";
    const command = ["sh", "-c", `${orphans}; grep -l '^State:.Z' /proc/[0-9]*/status; echo looked; exit 5`];
    const { code } = await runSuite({ command, limitMs: MINUTE_MS }, true, never(), write);
    assertEquals([printed, code], ["looked\n", 5]);
  },
);

function never(): AbortSignal {
  return new AbortController().signal;
}
