// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BerthError, describeError } from "../../../lib/base/errors.ts";
import { randomId } from "../../../lib/base/ids.ts";
import { claimOrphans, type ClearedJob, findOrphans, sweepJobs } from "../../../lib/machine/orphans.ts";
import { createJobFolder } from "../../../lib/machine/folder.ts";
import type { JobRecord, RecordedOrphan } from "../../../lib/machine/owner.ts";
import { holdLock } from "../../support/lock_holder.ts";
import { temporaryFolder } from "../../support/temp.ts";

const [DEAD, NEXT, LIVE, OTHER] = ["dead00000000", "next00000000", "sr1000000000", "0therj0b0000"];
const nothing = () => Promise.resolve(false);

function recordOf(id: string): JobRecord {
  const cgroup = `/sys/fs/cgroup/ci/vm-${id}`;
  return { driver: "cgroupfs", cgroup, bootId: "one", guestMemoryBytes: 512, memoryOverheadBytes: 96 };
}

/** A folder of jobs, in which some are as a killed berth leaves them. */
async function jobsWith(dead: Record<string, string>): Promise<{ jobs: string } & AsyncDisposable> {
  const temporary = await temporaryFolder();
  const jobs = `${temporary.path}/jobs`;
  await Deno.mkdir(jobs);
  for (const [id, text] of Object.entries(dead)) {
    await Deno.mkdir(`${jobs}/${id}`);
    await Deno.writeTextFile(`${jobs}/${id}/out`, "x");
    await Deno.writeTextFile(`${jobs}/${id}.owner`, text);
  }
  return { jobs, [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose]() };
}

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).filter((name) => name !== ".lock")
    .sort();
}

const filesOf = (...ids: string[]) => ids.flatMap((id) => [id, `${id}.owner`]).sort();
const line = (fields: object) => JSON.stringify(fields) + "\n";

Deno.test("findOrphans() names jobs that nobody owns, and leaves them as they are", async () => {
  await using there = await jobsWith({ [DEAD]: "", [NEXT]: line({ image: "ci" }), [LIVE]: "", "not-an-id": "" });
  await using _owner = await holdLock(`${there.jobs}/${LIVE}.owner`, "exclusive");
  const before = await names(there.jobs);
  assertEquals([await findOrphans(there.jobs), await names(there.jobs)], [[DEAD, NEXT], before]);
  assertEquals(await findOrphans(`${there.jobs}/none`), []);
});

/** How far a berth may have come when it is killed, by what stands in its owner's file. */
const STATES: [what: string, text: string, group: Partial<RecordedOrphan> | undefined][] = [
  ["before it said anything", "", undefined],
  ["in the middle of a word", '{"ima', undefined],
  ["before it planned a group", line({ image: "ci" }), undefined],
  ["while it planned one", line({ image: "ci" }) + '{"planned":{"cgr', undefined],
  [
    "before or after it made one",
    line({ image: "ci" }) + line({ planned: { cgroup: recordOf(DEAD).cgroup, bootId: "one" } }),
    { cgroup: recordOf(DEAD).cgroup, bootId: "one", driver: "cgroupfs", isMade: false },
  ],
  ["with its VM", line({ image: "ci" }) + line(recordOf(DEAD)), { ...recordOf(DEAD), isMade: true }],
];
for (const [what, text, group] of STATES) {
  Deno.test(`sweepJobs() clears away a job whose berth was killed ${what}`, async () => {
    await using there = await jobsWith({ [DEAD]: text });
    await Deno.writeTextFile(`${there.jobs}/${DEAD}.cgroup`, "/x\n");
    const ended: RecordedOrphan[] = [];
    const cleared = await sweepJobs(there.jobs, async (group) => {
      // Before it forgets the job.
      assertEquals(await names(there.jobs), [DEAD, `${DEAD}.cgroup`, `${DEAD}.owner`]);
      ended.push(group);
      return true;
    });
    assertEquals(ended as unknown[], group ? [group] : []);
    assertEquals(cleared, [{ id: DEAD, cgroup: group?.cgroup }]);
    assertEquals(await names(there.jobs), []);
  });
}

Deno.test("sweepJobs() leaves alone a job whose owner lives, and clears it away when that is killed", async () => {
  await using there = await jobsWith({ [LIVE]: line(recordOf(LIVE)), [DEAD]: "" });
  await using owner = await holdLock(`${there.jobs}/${LIVE}.owner`, "exclusive");
  assertEquals((await sweepJobs(there.jobs, nothing)).map(({ id }) => id), [DEAD]);
  assertEquals(await names(there.jobs), filesOf(LIVE));
  await owner.kill();
  assertEquals((await sweepJobs(there.jobs, nothing)).map(({ id }) => id), [LIVE]);
  assertEquals(await names(there.jobs), []);
});

Deno.test("sweepJobs() leaves what is not berth's", async () => {
  await using there = await jobsWith({ mine: "", "../outside": "", "0123456789aI": "" });
  await Deno.mkdir(`${there.jobs}/${DEAD}`);
  await Deno.mkdir(`${there.jobs}/${OTHER}.owner`);
  await Deno.writeTextFile(`${there.jobs}/notes.cgroup`, "/sys/fs/cgroup\n");
  const before = await names(there.jobs);
  assertEquals(await sweepJobs(there.jobs, nothing), []);
  assertEquals(await names(there.jobs), before);
});

/** Records that lead to what is not this job's. */
const WRONG = {
  "another job's group": recordOf(LIVE),
  "another folder": { ...recordOf(DEAD), cgroup: "/etc" },
  "the group above": { ...recordOf(DEAD), cgroup: "/sys/fs/cgroup/ci" },
};
for (const [what, record] of Object.entries(WRONG)) {
  Deno.test(`sweepJobs() ends nothing for a record that names ${what}, made or planned, and says so`, async () => {
    for (const text of [line(record), line({ planned: { cgroup: record.cgroup, bootId: "one" } })]) {
      await using there = await jobsWith({ [DEAD]: text });
      const [{ id, error }] = await sweepJobs(there.jobs, () => {
        throw new Error("it must not be asked");
      });
      assertEquals([id, error instanceof BerthError && error.code], [DEAD, "job.record"]);
      assertStringIncludes(describeError(error), `names ${record.cgroup}, which is not the group of this job`);
      assertEquals(await names(there.jobs), filesOf(DEAD));
    }
  });
}

Deno.test("sweepJobs() keeps what it can't end or read, says why, and goes on", async () => {
  await using there = await jobsWith({ [DEAD]: line(recordOf(DEAD)), [OTHER]: "no record\n", [LIVE]: "" });
  const fail = () => Promise.reject(new Error("it is busy"));
  const cleared = (await sweepJobs(there.jobs, fail)).toSorted((a, b) => a.id < b.id ? -1 : 1);
  const said = cleared.map(({ id, error }) => [id, error === undefined ? "" : describeError(error)]);
  assertEquals(said, [
    [OTHER, `${there.jobs}/${OTHER}.owner is not a record that this version of berth can read`],
    [DEAD, "it is busy"],
    [LIVE, ""],
  ]);
  assertEquals(await names(there.jobs), filesOf(DEAD, OTHER));
  await using _next = await createJobFolder(`${there.jobs}/${NEXT}`, "ci", fail);
  assertEquals(await names(there.jobs), filesOf(DEAD, OTHER, NEXT));
});

Deno.test("sweepJobs() makes nothing where there are no jobs", async () => {
  await using temporary = await temporaryFolder();
  assertEquals(await sweepJobs(`${temporary.path}/jobs`, nothing), []);
  assertEquals(await names(temporary.path), []);
});

Deno.test("createJobFolder() clears away what dead owners have left, and no live job's", async () => {
  await using there = await jobsWith({ [DEAD]: line(recordOf(DEAD)) });
  await using _live = await createJobFolder(`${there.jobs}/${LIVE}`, "ci");
  assertEquals(await names(there.jobs), filesOf(LIVE));
  await Deno.writeTextFile(`${there.jobs}/${DEAD}.owner`, "");
  await using _next = await createJobFolder(`${there.jobs}/${NEXT}`, "ci");
  assertEquals(await names(there.jobs), filesOf(LIVE, NEXT));
});

Deno.test("createJobFolder() clears away what dead owners have left also when it can't make a file of its own", async () => {
  await using there = await jobsWith({ [DEAD]: line(recordOf(DEAD)) });
  await Deno.mkdir(`${there.jobs}/${NEXT}.owner`);
  await assertRejects(() => createJobFolder(`${there.jobs}/${NEXT}`, "ci"), Deno.errors.AlreadyExists);
  assertEquals(await names(there.jobs), [`${NEXT}.owner`]);
});

Deno.test("claimOrphans() claims no job that has gone between the look at it and its lock", async () => {
  await using there = await jobsWith({ [DEAD]: "" });
  const { openSync } = Deno;
  // As another berth may, which has had the lock until then.
  Deno.openSync = (path, options) => {
    const file = openSync(path, options);
    Deno.removeSync(path);
    return file;
  };
  using stack = new DisposableStack();
  stack.defer(() => Deno.openSync = openSync);
  const claims = claimOrphans(there.jobs).map((claim) => stack.use(claim));
  assertEquals([claims.length, await names(there.jobs)], [0, [DEAD]]);
});

Deno.test("createJobFolder() and sweepJobs() wait for no job that another one is clearing away", async () => {
  await using there = await jobsWith({ [DEAD]: line(recordOf(DEAD)) });
  const [begun, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<boolean>()];
  const slow = sweepJobs(there.jobs, () => {
    begun.resolve();
    return gone.promise;
  });
  await begun.promise;
  assertEquals(await sweepJobs(there.jobs, nothing), []);
  await using _next = await createJobFolder(`${there.jobs}/${NEXT}`, "ci");
  assertEquals(await names(there.jobs), filesOf(DEAD, NEXT));
  gone.resolve(true);
  assertEquals((await slow).length, 1);
  assertEquals(await names(there.jobs), filesOf(NEXT));
});

Deno.test("many sweeps at once, beside jobs that begin and end, clear each dead job away once and nothing else", async () => {
  const dead = Array.from({ length: 20 }, randomId);
  await using there = await jobsWith(Object.fromEntries(dead.map((id) => [id, line(recordOf(id))])));
  await using _live = await createJobFolder(`${there.jobs}/${LIVE}`, "ci", () => Promise.reject(new Error("not yet")));
  const ended: string[] = [];
  const end = async ({ cgroup }: RecordedOrphan) => {
    ended.push(cgroup);
    await new Promise((resolve) => setTimeout(resolve, 2));
    return true;
  };
  const jobs = Array.from({ length: 10 }, async () => {
    await using _job = await createJobFolder(`${there.jobs}/${randomId()}`, "ci", end);
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
  const sweeps = Array.from({ length: 10 }, () => sweepJobs(there.jobs, end));
  const cleared: ClearedJob[] = (await Promise.all(sweeps)).flat();
  await Promise.all(jobs);
  assertEquals(cleared.filter(({ error }) => error !== undefined), []);
  assertEquals(ended.toSorted(), dead.map((id) => recordOf(id).cgroup).toSorted());
  assertEquals(await names(there.jobs), filesOf(LIVE));
});

Deno.test("sweepJobs() says of a read-only disk that it is one, as Deno has no class of its own for that", async () => {
  await using there = await jobsWith({ [DEAD]: line(recordOf(DEAD)) });
  const refuse = () => Promise.reject(Object.assign(new Error("Read-only file system"), { code: "EROFS" }));
  const [{ error }] = await sweepJobs(there.jobs, refuse);
  assertEquals([(error as BerthError).code, (error as BerthError).message], [
    "host.read-only",
    `${there.jobs}/${DEAD}: the disk is mounted read-only`,
  ]);
});

Deno.test("sweepJobs() gives up on the jobs' lock with the words of what went wrong", async () => {
  await using there = await jobsWith({});
  await Deno.mkdir(`${there.jobs}/.lock`);
  await assertRejects(() => sweepJobs(there.jobs, nothing), Error, ".lock");
});
