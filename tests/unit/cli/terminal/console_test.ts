// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals, assertRejects } from "@std/assert";
import { settlesWithin } from "../../../../lib/base/deadline.ts";
import { BerthError } from "../../../../lib/base/errors.ts";
import { Console } from "../../../../lib/cli/terminal/console.ts";

/** Stands in for standard error's reader, who takes what there is when `gate` lets it. */
class Reader implements Disposable {
  text = "";
  gate: Promise<void> = Promise.resolve();
  readonly #write = Deno.stderr.write;

  constructor() {
    Deno.stderr.write = async (bytes) => {
      await this.gate;
      // Less than it is given, as a pipe may.
      const taken = bytes.slice(0, 7);
      this.text += new TextDecoder("latin1").decode(taken);
      return taken.length;
    };
  }

  [Symbol.dispose](): void {
    Deno.stderr.write = this.#write;
  }
}

/** What is written to standard error. */
async function written(console: Console, speak: () => void): Promise<string> {
  using reader = new Reader();
  speak();
  await console[Symbol.asyncDispose]();
  return new TextDecoder().decode(Uint8Array.from(reader.text, (char) => char.charCodeAt(0)));
}

Deno.test("a Console writes each line with berth's name in front, and the user's paths", async () => {
  const console = new Console(false, [["/run/w", "/home/me"], ["/run/w/deep", "./deep"]]);
  assertEquals(
    await written(console, () => console.note("/run/w/x\n/run/w/deep/y")),
    "berth: /home/me/x\nberth: ./deep/y\n",
  );
});

Deno.test("a Console shows control characters, and no terminal obeys them", async () => {
  const console = new Console(true, [["/run/w", "/odd\x1b[31m"]]);
  const error = new BerthError("image.spec", 'unknown field "\x1b[2J\x9b\r\x07" in /run/w, ünïcode');
  assertEquals(
    await written(console, () => console.error(error)),
    `berth: unknown field "\\x1b[2J\\x9b\\x0d\\x07" in /odd\\x1b[31m, ünïcode (${error.hint})\n`,
  );
});

Deno.test("a Console that is to be quiet says errors only", async () => {
  const console = new Console(true);
  const speak = () => {
    console.note("x");
    console.error("y");
  };
  assertEquals(await written(console, speak), "berth: y\n");
});

Deno.test("a Console keeps the order of berth's words and the job's, and begins lines", async () => {
  const console = new Console(false);
  const speak = () => {
    console.note("one");
    void console.pass(new TextEncoder().encode("half a line"));
    console.note("two");
    void console.pass(new TextEncoder().encode("a line\n"));
    console.error("three");
  };
  assertEquals(await written(console, speak), "berth: one\nhalf a line\nberth: two\na line\nberth: three\n");
});

Deno.test("a Console passes on that nobody reads the job's words any more, and goes on with its own", async () => {
  using reader = new Reader();
  const console = new Console(false);
  reader.gate = Promise.reject(new Deno.errors.BrokenPipe());
  console.note("lost");
  await assertRejects(() => console.pass(new Uint8Array(3)), Deno.errors.BrokenPipe);
  reader.gate = Promise.resolve();
  console.note("heard");
  await console[Symbol.asyncDispose]();
  assertEquals(reader.text, "berth: heard\n");
});

Deno.test("a reader that stands still keeps nobody, and is waited for at the end", async () => {
  using reader = new Reader();
  const console = new Console(false);
  const gate = Promise.withResolvers<void>();
  reader.gate = gate.promise;
  console.error("the verdict");
  const disposed = console[Symbol.asyncDispose]();
  assertEquals([await settlesWithin(disposed, 300), reader.text], [false, ""]);
  gate.resolve();
  await disposed;
  assertEquals(reader.text, "berth: the verdict\n");
});

for (const when of ["before", "during"]) {
  Deno.test(`a reader that stands still is not waited for when somebody wants to go: ${when} the wait`, async () => {
    using reader = new Reader();
    const console = new Console(false);
    const abort = new AbortController();
    console.hurryOn(abort.signal);
    reader.gate = new Promise(() => {});
    console.error("the verdict");
    if (when === "before") abort.abort();
    const disposed = console[Symbol.asyncDispose]();
    if (when === "during") {
      assertEquals(await settlesWithin(disposed, 300), false);
      abort.abort();
    }
    assert(await settlesWithin(disposed, 5000), "a reader of berth's words can keep berth from ending");
  });
}

Deno.test("a Console leaves out notes, but no errors, while its reader stands still, and says how many", async () => {
  using reader = new Reader();
  const console = new Console(false);
  const gate = Promise.withResolvers<void>();
  reader.gate = gate.promise;
  const long = "x".repeat(600 * 1024);
  for (const message of [long, long, "lost", "lost"]) console.note(message);
  console.error("the verdict");
  gate.resolve();
  await console[Symbol.asyncDispose]();
  assertEquals(reader.text.split("\n").map((line) => line.length > 1000 ? "long" : line), [
    "long",
    "long",
    "berth: notes that are left out here, because nobody took them in time: 2",
    "berth: the verdict",
    "",
  ]);
  reader.text = "";
  console.note("again");
  await console[Symbol.asyncDispose]();
  assertEquals(reader.text, "berth: again\n");
});
