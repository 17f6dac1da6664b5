// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { EventsFile } from "../../../../lib/cli/run/events_file.ts";
import { temporaryFolder } from "../../../support/temp.ts";

Deno.test("EventsFile writes each event as a line while it is told, with the paths that the user knows", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/events`;
  await Deno.writeTextFile(path, "of another job\n");
  const broken: unknown[] = [];
  using file = new EventsFile(path, {
    nameOf: (text) => text.replace("/window", "/mine"),
    onBroken: (error) => broken.push(error),
  });
  file.tell({ kind: "point", point: "folder", atMs: 1 });
  assertEquals(await Deno.readTextFile(path), '{"kind":"point","point":"folder","atMs":1}\n');
  file.tell({ kind: "trouble", text: "/window:\nit is full", atMs: 2 });
  const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
  assertEquals(lines.slice(1).map((line) => JSON.parse(line)), [
    { kind: "trouble", text: "/mine:\nit is full", atMs: 2 },
  ]);
  assertEquals(broken, []);
});

Deno.test("EventsFile says once that nothing more can be written, and throws nothing", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/pipe`;
  await new Deno.Command("sh", { args: ["-c", 'mkfifo "$1"', "sh", path] }).output();
  const broken: unknown[] = [];
  const reader = Deno.openSync(path, { read: true, write: true });
  using file = new EventsFile(path, { nameOf: (text) => text, onBroken: (error) => broken.push(error) });
  reader.close();
  // A child that another test starts has a copy of the reader's end until it is its program.
  for (let atMs = 0; atMs < 500 && broken.length === 0; atMs++) {
    file.tell({ kind: "point", point: "folder", atMs });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  file.tell({ kind: "point", point: "report", atMs: 501 });
  assertEquals(broken.map((error) => error instanceof Deno.errors.BrokenPipe), [true]);
});
