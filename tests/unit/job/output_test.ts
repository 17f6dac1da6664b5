// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertRejects } from "@std/assert";
import { settlesWithin, within } from "../../../lib/base/deadline.ts";
import { OutputFollower } from "../../../lib/job/output/follower.ts";
import type { Sink } from "../../../lib/job/output/source.ts";
import { broken, Collector, MIB, outputTest, pattern, shortened } from "../../support/output_scene.ts";

outputTest("OutputFollower delivers what is appended, while it is being written", async ({ folder, open, append }) => {
  const collector = new Collector();
  await using _follower = new OutputFollower(folder, [[await open("out"), collector.sink]], broken);
  await append("out", pattern(10));
  await collector.has(10);
  await append("out", pattern(5, 3));
  await collector.has(15);
  assertEquals(collector.bytes, new Uint8Array([...pattern(10), ...pattern(5, 3)]));
});

outputTest("finish() delivers a large output to the last byte", async ({ folder, open, append }) => {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const sink: Sink = (bytes) => Promise.resolve(void parts.push(new Uint8Array(bytes)));
  await using follower = new OutputFollower(folder, [[await open("out"), sink]], broken);
  const whole = pattern(3 * 1024 * 1024 + 17);
  for (let start = 0; start < whole.length; start += 700_001) {
    await append("out", whole.subarray(start, start + 700_001));
  }
  await follower.finish();
  const delivered = new Uint8Array(await new Blob(parts).arrayBuffer());
  assertEquals(delivered.length, whole.length);
  assert(delivered.every((byte, index) => byte === whole[index]));
  assert(parts.every(({ length }) => length <= 256 * 1024), "memory stays flat");
});

outputTest("finish() waits for a slow sink, which slows nobody else", async ({ folder, open, append }) => {
  const [slow, fast] = [new Collector(), new Collector()];
  const gate = Promise.withResolvers<void>();
  const slowSink: Sink = async (bytes) => {
    const copy = bytes.slice();
    await gate.promise;
    await slow.sink(copy);
  };
  const sources = [[await open("out"), slowSink], [await open("err"), fast.sink]] as const;
  await using follower = new OutputFollower(folder, sources, broken);
  await append("out", pattern(1000));
  await append("err", pattern(2000));
  await fast.has(2000);
  const finished = follower.finish();
  assertEquals(await settlesWithin(finished, 20), false);
  assertEquals(slow.bytes.length, 0);
  gate.resolve();
  await finished;
  assertEquals(slow.bytes, pattern(1000));
});

outputTest("a sink that takes no more is told of, and the other one goes on", async ({ folder, open, append }) => {
  const collector = new Collector();
  const told = Promise.withResolvers<void>();
  let count = 0;
  const sources = [[await open("out"), () => Promise.reject(new Deno.errors.BrokenPipe())], [
    await open("err"),
    collector.sink,
  ]] as const;
  const onBroken = () => {
    count++;
    told.resolve();
  };
  await using follower = new OutputFollower(folder, sources, onBroken);
  await append("out", pattern(10));
  await within(told.promise, 5000, "the broken sink");
  await append("out", pattern(10));
  await append("err", pattern(10));
  await follower.finish();
  assertEquals([count, collector.bytes], [1, pattern(10)]);
});

outputTest("finish() ends with empty files, and at a second time too", async ({ folder, open }) => {
  const collector = new Collector();
  await using follower = new OutputFollower(folder, [[await open("out"), collector.sink]], broken);
  await follower.finish();
  await follower.finish();
  assertEquals(collector.bytes.length, 0);
});

outputTest("disposing an OutputFollower ends it without delivering, and closes what it opened", async (scene) => {
  const collector = new Collector();
  const follower = new OutputFollower(scene.folder, [[await scene.open("out"), collector.sink]], broken);
  await follower[Symbol.asyncDispose]();
  await scene.append("out", pattern(10));
  await follower.finish();
  assertEquals(collector.bytes.length, 0);
  await follower[Symbol.asyncDispose]();
});

outputTest("disposing an OutputFollower does not wait for a sink that never comes back", async (scene) => {
  const entered = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const stuck: Sink = async () => {
    entered.resolve();
    await release.promise;
  };
  const follower = new OutputFollower(scene.folder, [[await scene.open("out"), stuck]], broken);
  await scene.append("out", pattern(10));
  await within(entered.promise, 5000, "the sink");
  const disposed = Promise.resolve(follower[Symbol.asyncDispose]());
  const inTime = await settlesWithin(disposed, 3000);
  release.resolve();
  await disposed;
  assert(inTime, "the reader of a job's output can keep berth from ending");
});

outputTest("a file that can't be read makes finish() fail, after the others are delivered whole", async (scene) => {
  const release = Promise.withResolvers<void>();
  const collector = new Collector();
  const sink: Sink = async (bytes) => {
    const copy = bytes.slice();
    await release.promise;
    await collector.sink(copy);
  };
  const out = await scene.open("out");
  // With a limit each look at the files is a look at their sizes as well.
  const sources = [[out, () => Promise.resolve()], [await scene.open("err"), sink]] as const;
  await using follower = new OutputFollower(scene.folder, sources, broken, { limitBytes: 100 });
  out.close();
  await scene.append("err", pattern(10));
  const finished = assertRejects(() => follower.finish(), Deno.errors.BadResource);
  assertEquals(await settlesWithin(finished, 300), false);
  release.resolve();
  await finished;
  assertEquals(collector.bytes, pattern(10));
});

outputTest("OutputFollower delivers no more than its limit of each file, and counts the rest", async (scene) => {
  const [out, err] = [new Collector(), new Collector()];
  const sources = [[await scene.open("out"), out.sink], [await scene.open("err"), err.sink]] as const;
  await using follower = new OutputFollower(scene.folder, sources, broken, { limitBytes: 100 });
  await scene.append("out", pattern(60));
  await out.has(60);
  await scene.append("out", pattern(60, 3));
  await scene.append("err", pattern(100));
  await follower.finish();
  assertEquals(out.bytes, new Uint8Array([...pattern(60), ...pattern(40, 3)]));
  assertEquals(err.bytes, pattern(100));
  assertEquals(follower.account(), [{ bytes: 100, missingBytes: 20 }, { bytes: 100, missingBytes: 0 }]);
});

outputTest("a limit of 0 delivers nothing", async ({ folder, open, append }) => {
  const collector = new Collector();
  await using follower = new OutputFollower(folder, [[await open("out"), collector.sink]], broken, { limitBytes: 0 });
  await append("out", pattern(10));
  await follower.finish();
  assertEquals([collector.bytes.length, follower.account()], [0, [{ bytes: 0, missingBytes: 10 }]]);
});

outputTest("a file far beyond its limit is shortened to it, even while its sink is stuck", async (scene) => {
  const release = Promise.withResolvers<void>();
  const collector = new Collector();
  const sink: Sink = async (bytes) => {
    await release.promise;
    await collector.sink(bytes);
  };
  const file = await scene.open("out");
  await using follower = new OutputFollower(scene.folder, [[file, sink]], broken, { limitBytes: 1000 });
  await scene.append("out", pattern(1000));
  for (let round = 1; round <= 3; round++) {
    await scene.append("out", new Uint8Array(70 * MIB).fill(round));
    await within(shortened(file, 1000), 5000, "the shortening");
  }
  await scene.append("out", pattern(17));
  release.resolve();
  await follower.finish();
  assertEquals(collector.bytes, pattern(1000));
  const [{ bytes, missingBytes, atLeast }] = follower.account();
  assertEquals([bytes, atLeast], [1000, true]);
  // A piece that is written while the file is shortened is not counted.
  assert(missingBytes > 180 * MIB && missingBytes <= 210 * MIB + 17, String(missingBytes));
});

outputTest("account() counts what a sink has not taken", async ({ folder, open, append }) => {
  const told = Promise.withResolvers<void>();
  const sink: Sink = () => Promise.reject(new Deno.errors.BrokenPipe("Broken pipe (os error 32)"));
  await using follower = new OutputFollower(folder, [[await open("out"), sink]], () => told.resolve());
  await append("out", pattern(10));
  await within(told.promise, 5000, "the broken sink");
  await append("out", pattern(5));
  await follower.finish();
  assertEquals(follower.account(), [{ bytes: 0, missingBytes: 15, error: "Broken pipe", gone: true }]);
});
