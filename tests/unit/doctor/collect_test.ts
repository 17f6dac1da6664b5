// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertStringIncludes } from "@std/assert";
import script from "../../../lib/doctor/collect.sh" with { type: "text" };
import { Facts } from "../../../lib/doctor/facts.ts";
import { AREAS } from "../../../lib/doctor/finding.ts";
import { runScript } from "../../support/shell.ts";
import { temporaryFolder } from "../../support/temp.ts";

async function collect(area: string, ...words: string[]): Promise<Facts> {
  return new Facts(new TextDecoder().decode(await runScript(["sh", "-c", script, "berth-doctor"], area, ...words)));
}

/** Runs a function of the script. */
async function call(action: string): Promise<string> {
  const text = script.replace(/^area=\$1\n[^]*/m, () => action);
  return new TextDecoder().decode(await runScript(["sh", "-c", text], "sh"));
}

Deno.test("collect.sh has an answer for each area of which something can be seen, on any host", async () => {
  for (const area of AREAS.filter((area) => !["images", "clone", "leftovers"].includes(area))) {
    // Without systemd there is nothing to say of it.
    if (area === "systemd" || area === "cgroup") await collect(area);
    else assertStringIncludes(script, `\ncollect_${area}() {`);
  }
  assertEquals((await collect("host")).get("arch"), Deno.build.arch);
  assertEquals((await collect("programs", "sh", "no-such-program", "cat")).all("program"), ["sh", "cat"]);
});

Deno.test("collect.sh reads numbers of /proc/sys as a whole", async () => {
  // A shell's own read would take their first digit.
  assertEquals(
    await call("fact_of most /proc/sys/kernel/pid_max"),
    `most ${await call("cat /proc/sys/kernel/pid_max")}`,
  );
  assertEquals(await call("fact_of none /proc/none; :"), "");
});

Deno.test("collect.sh opens a device to know what it is like", async () => {
  assertEquals(await call("node null /dev/null"), "null.owner root 666\nnull.number 1:3\nnull opens\n");
  assertEquals(await call("node none /dev/none"), "none missing\n");
  assertEquals(await call("node folder /dev"), "folder missing\n");
});

Deno.test("collect.sh keeps the first words of a try that fails", async () => {
  assertEquals(await call("try it true"), "it works\n");
  assertEquals(await call("try it sh -c 'echo no; echo more; exit 3'"), "it fails: no\n");
});

Deno.test("collect.sh writes into the state folder, and leaves nothing there", async () => {
  await using temporary = await temporaryFolder();
  const facts = await collect("state", temporary.path);
  const told = ["there", "place", "write"].map((key) => facts.get(`state.${key}`));
  assertEquals(told, ["yes", temporary.path, "works"]);
  assertEquals(facts.get("state.disk")?.split(" ").every((word) => /^\d+$/.test(word)), true);
  assertEquals(await Array.fromAsync(Deno.readDir(temporary.path)), []);
});

Deno.test("collect.sh looks above a state folder that is not there yet, and does not make it", async () => {
  await using temporary = await temporaryFolder();
  const facts = await collect("state", `${temporary.path}/a b/c`);
  const told = ["there", "place", "write"].map((key) => facts.get(`state.${key}`));
  assertEquals(told, ["no", temporary.path, "works"]);
  assertEquals(await Array.fromAsync(Deno.readDir(temporary.path)), []);
  await Deno.writeTextFile(`${temporary.path}/file`, "");
  assertEquals((await collect("state", `${temporary.path}/file`)).get("state.there"), "no folder");
});

Deno.test("collect.sh does not write through a link that somebody has put there", async () => {
  await using temporary = await temporaryFolder();
  // The name has the shell's own id in it.
  const facts = await call(
    `ln -s target "${temporary.path}/.berth-doctor-$$" && try write write_into "${temporary.path}"`,
  );
  assertStringIncludes(facts, "write fails: ");
});
