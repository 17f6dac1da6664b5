// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { createJobFolder } from "../../../lib/machine/folder.ts";
import { type JobRecord, parseOwner, readRecord } from "../../../lib/machine/owner.ts";
import { temporaryFolder } from "../../support/temp.ts";

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).filter((name) => name !== ".lock")
    .sort();
}

Deno.test("createJobFolder() makes a folder that is gone, with all in it, when disposed", async () => {
  await using temporary = await temporaryFolder();
  const jobs = `${temporary.path}/jobs`;
  {
    await using _folder = await createJobFolder(`${jobs}/a`, "ci");
    await Deno.writeTextFile(`${jobs}/a/out`, "x");
    assertEquals(await names(jobs), ["a", "a.owner"]);
  }
  assertEquals(await names(jobs), []);
});

Deno.test("createJobFolder() takes no folder that is there already, and leaves no lock", async () => {
  await using temporary = await temporaryFolder();
  const jobs = `${temporary.path}/jobs`;
  await using _first = await createJobFolder(`${jobs}/a`, "ci");
  await assertRejects(() => createJobFolder(`${jobs}/a`, "ci"), Deno.errors.AlreadyExists);
  assertEquals(await names(jobs), ["a", "a.owner"]);
});

const RECORD: JobRecord = {
  driver: "systemd",
  cgroup: "/sys/fs/cgroup/berth.slice/berth-a.scope",
  unit: "berth-a.scope",
  bootId: "one",
  guestMemoryBytes: 512,
  memoryOverheadBytes: 96,
};

async function unknown(path: string, words: string): Promise<void> {
  assertEquals((await assertRejects(() => readRecord(path), BerthError, words)).code, "job.unknown");
}

Deno.test("record() notes what others need to know of a job, and readRecord() reads it while the job runs", async () => {
  await using temporary = await temporaryFolder();
  const path = `${temporary.path}/jobs/a`;
  {
    await using folder = await createJobFolder(path, "ci");
    await folder.record(RECORD);
    assertEquals(await readRecord(path), RECORD);
    assertEquals(await readRecord(path), RECORD, "once more");
    // For the shell that opens windows.
    assertEquals(await Deno.readTextFile(`${path}.cgroup`), `${RECORD.cgroup}\n`);
  }
  assertEquals(await names(`${temporary.path}/jobs`), []);
});

Deno.test("readRecord() refuses a job that is not there, and one that is over", async () => {
  await using temporary = await temporaryFolder();
  const path = `${temporary.path}/jobs/a`;
  await unknown(path, "there is no job a");
  {
    await using folder = await createJobFolder(path, "ci");
    await folder.record(RECORD);
  }
  await unknown(path, "there is no job a");
  // What a killed berth leaves.
  await Deno.writeTextFile(`${path}.owner`, JSON.stringify(RECORD) + "\n");
  await unknown(path, "the job a is over");
});

Deno.test("readRecord() refuses a job that has no VM yet", async () => {
  await using temporary = await temporaryFolder();
  const path = `${temporary.path}/jobs/a`;
  await using _folder = await createJobFolder(path, "ci");
  await unknown(path, "the job a has no VM");
  // Half of it is written.
  await Deno.writeTextFile(`${path}.owner`, '{"driver":"cgro', { create: false });
  await unknown(path, "the job a has no VM");
});

Deno.test("createJobFolder() says at once what the job runs on, and record() adds to it", async () => {
  await using temporary = await temporaryFolder();
  const path = `${temporary.path}/jobs/a`;
  await using folder = await createJobFolder(path, "tools");
  assertEquals(await Deno.readTextFile(`${path}.owner`), '{"image":"tools"}\n');
  await folder.record(RECORD);
  assertEquals(parseOwner(await Deno.readTextFile(`${path}.owner`)), { image: "tools", ...RECORD });
});

Deno.test("intend() notes a group for whoever finds the job dead, and tells others of no VM yet", async () => {
  await using temporary = await temporaryFolder();
  const path = `${temporary.path}/jobs/a`;
  await using folder = await createJobFolder(path, "ci");
  const planned = { cgroup: RECORD.cgroup, bootId: "one" };
  await folder.intend(planned);
  assertEquals(parseOwner(await Deno.readTextFile(`${path}.owner`)), { image: "ci", planned });
  assertEquals(await Deno.readTextFile(`${path}.cgroup`), `${RECORD.cgroup}\n`);
  await unknown(path, "the job a has no VM");
  await folder.record(RECORD);
  assertEquals(await readRecord(path), RECORD);
});

Deno.test("no record names a group without the note for the shell, however far berth came", async () => {
  await using temporary = await temporaryFolder();
  const path = `${temporary.path}/jobs/0123456789ab`;
  const planned = { cgroup: RECORD.cgroup, bootId: "one" };
  const folder = await createJobFolder(path, "ci");
  // What can neither be written nor removed.
  await Deno.mkdir(`${path}.cgroup/x`, { recursive: true });
  await assertRejects(() => folder.intend(planned), Error);
  assertEquals(await Deno.readTextFile(`${path}.owner`), '{"image":"ci"}\n');
  await Deno.remove(`${path}.cgroup`, { recursive: true });
  await folder.intend(planned);
  // It is written once.
  await Deno.writeTextFile(`${path}.cgroup`, "as it was");
  await folder.record(RECORD);
  assertEquals(await Deno.readTextFile(`${path}.cgroup`), "as it was");
  await Deno.remove(`${path}.cgroup`);
  await Deno.mkdir(`${path}.cgroup/x`, { recursive: true });
  folder.release();
  await assertRejects(() => folder[Symbol.asyncDispose](), Error);
  assertEquals(await Deno.readTextFile(`${path}.owner`), "");
});

Deno.test("a folder goes without its record as long as its group may be there, and the next berth finds that", async () => {
  await using temporary = await temporaryFolder();
  const jobs = `${temporary.path}/jobs`;
  const id = "0123456789ab";
  const planned = { cgroup: `/sys/fs/cgroup/vm-${id}`, bootId: "one" };
  {
    await using folder = await createJobFolder(`${jobs}/${id}`, "ci");
    await folder.intend(planned);
  }
  assertEquals(await names(jobs), [`${id}.cgroup`, `${id}.owner`]);
  const ended: string[] = [];
  {
    await using next = await createJobFolder(`${jobs}/b`, "ci", ({ cgroup }) => {
      ended.push(cgroup);
      return Promise.resolve(true);
    });
    await next.intend(planned);
    next.release();
  }
  assertEquals([ended, await names(jobs)], [[planned.cgroup], []]);
});

Deno.test("parseOwner() reads what another version wrote in one line, and no line that was cut off", () => {
  assertEquals(parseOwner('{"image":"a","cgroup":"b"}\n'), { image: "a", cgroup: "b" });
  assertEquals(parseOwner('{"image":"a"}\n{"cgroup":"b'), { image: "a" });
  assertEquals(parseOwner('{"image":"a"'), {});
});
