// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { settlesWithin } from "../../../lib/base/deadline.ts";
import { BerthError } from "../../../lib/base/errors.ts";
import { ImageStore } from "../../../lib/image/store.ts";
import { build, originOf, specOf, storeTest, tree } from "../../support/images.ts";

storeTest("load() gives back what was put in and named, with absolute paths", async (store, root, work) => {
  await build(store, work, "ci");
  const image = await store.load("ci");
  assertEquals([image.name, image.agentHash, image.spec.memoryMiB], ["ci", "agent of ci", 64]);
  assert(image.spec.kernel.startsWith(`${root}/.store/`), image.spec.kernel);
  assertEquals(await Deno.readTextFile(image.spec.kernel), "kernel of ci");
  assertEquals(await Deno.readTextFile(image.spec.initrd), "initrd of ci");
});

storeTest(
  "put() takes a file in by its content, for its owner only, and from where it was",
  async (store, root, work) => {
    const put = async (text: string) => {
      await Deno.writeTextFile(`${work}/f`, text, { mode: 0o666 });
      return await store.put(`${work}/f`, "kernel");
    };
    const [first, same, other] = [await put("abc"), await put("abc"), await put("abd")];
    // The beginning of the SHA-256 of "abc".
    assertEquals(first, "../.store/ba7816bf8f01cfea414140de5dae2223.kernel");
    assertEquals([same === first, other === first], [true, false]);
    assertEquals((await Deno.stat(`${root}/x/${first}`.replace("/x/..", ""))).mode! & 0o777, 0o644);
    await assertRejects(() => Deno.lstat(`${work}/f`), Deno.errors.NotFound);
  },
);

for (const [what, script] of [["a link", 'ln -s ../outside "$1"'], ["another name of a file", 'ln "$2" "$1"']]) {
  storeTest(`put() takes ${what} for nothing that a build has made`, async (store, root, work) => {
    await Deno.mkdir(`${work}/tools`);
    await Deno.writeTextFile(`${work}/outside`, "the host's", { mode: 0o640 });
    const args = ["-c", script, "sh", `${work}/tools/f`, `${work}/outside`];
    assert((await new Deno.Command("sh", { args }).output()).success);
    const error = await assertRejects(() => store.put(`${work}/tools/f`, "squashfs"), BerthError, "this is a link");
    assertEquals([error.code, await tree(`${root}/.store`)], ["image.build", []]);
    assertEquals((await Deno.stat(`${work}/outside`)).mode! & 0o777, 0o640);
  });
}

storeTest("name() replaces an image, and leaves nothing half done", async (store, root, work) => {
  await build(store, work, "ci", "old");
  await build(store, work, "ci", "new");
  const { spec, agentHash } = await store.load("ci");
  assertEquals([await Deno.readTextFile(spec.kernel), agentHash], ["kernel of new", "agent of new"]);
  assertEquals((await Array.fromAsync(Deno.readDir(`${root}/ci`))).map(({ name }) => name).sort(), [
    "origin.json",
    "spec.json",
  ]);
});

storeTest("load() knows an agent of old, and none where berth made no origin", async (store, root, work) => {
  await build(store, work, "ci");
  await Deno.remove(`${root}/ci/origin.json`);
  assertEquals((await store.load("ci")).agentHash, undefined);
  await Deno.writeTextFile(`${root}/ci/agent`, "of old");
  assertEquals((await store.load("ci")).agentHash, "of old");
});

storeTest(
  "load() takes the origin of other files for nobody's: a build was cut off there",
  async (store, root, work) => {
    await build(store, work, "ci", "old");
    const old = await Deno.readTextFile(`${root}/ci/spec.json`);
    await build(store, work, "ci", "new");
    await Deno.writeTextFile(`${root}/ci/spec.json`, old);
    const { origin, agentHash } = await store.load("ci");
    assertEquals([origin, agentHash], [undefined, "unknown"]);
  },
);

storeTest("put() leaves the same file as it is, which a job may hold", async (store, root, work) => {
  const put = async () => {
    await Deno.writeTextFile(`${work}/f`, "abc");
    await store.put(`${work}/f`, "kernel");
    return (await Deno.stat(`${root}/.store/ba7816bf8f01cfea414140de5dae2223.kernel`)).ino;
  };
  const first = await put();
  assertEquals(await put(), first);
  await assertRejects(() => Deno.lstat(`${work}/f`), Deno.errors.NotFound);
  // One that was cut short is replaced.
  await Deno.writeTextFile(`${root}/.store/ba7816bf8f01cfea414140de5dae2223.kernel`, "ab");
  await put();
  assertEquals(await Deno.readTextFile(`${root}/.store/ba7816bf8f01cfea414140de5dae2223.kernel`), "abc");
});

storeTest("has() and names() know what is there, and nothing in an empty store", async (store, root, work) => {
  assertEquals([await store.has("ci"), await store.names()], [false, []]);
  await build(store, work, "zz");
  await build(store, work, "ci");
  await Deno.writeTextFile(`${root}/file.json`, JSON.stringify(specOf("/k", "/i")));
  assertEquals(await store.names(), ["ci", "file", "zz"]);
  assertEquals([await store.has("ci"), await store.has("file"), await store.has("no")], [true, true, false]);
});

storeTest("names() names each image once, and none that load() does not find", async (store, root, work) => {
  await build(store, work, "ci");
  await Deno.writeTextFile(`${root}/ci.json`, JSON.stringify(specOf("/k", "/i")));
  await Deno.mkdir(`${root}/cut-off`);
  assertEquals(await store.names(), ["ci"]);
});

storeTest("load() finds NAME/spec.json before NAME.json", async (store, root, work) => {
  await build(store, work, "ci");
  await Deno.writeTextFile(`${root}/k`, "k");
  await Deno.writeTextFile(`${root}/ci.json`, JSON.stringify({ ...specOf("k", "k"), memoryMiB: 128 }));
  assertEquals((await store.load("ci")).spec.memoryMiB, 64);
  await Deno.remove(`${root}/ci`, { recursive: true });
  assertEquals((await store.load("ci")).spec.memoryMiB, 128);
});

storeTest("load() says that there is no such image", async (store) => {
  const error = await assertRejects(() => store.load("ci"), BerthError, 'there is no image "ci"');
  assertEquals(error.code, "image.not-found");
});

storeTest("load() names a file that is gone, and its field", async (store, _root, work) => {
  await build(store, work, "ci");
  await Deno.remove((await store.load("ci")).spec.initrd);
  const error = await assertRejects(() => store.load("ci"), BerthError, 'image "ci": initrd: ');
  assertEquals(error.code, "image.file-missing");
});

storeTest("load() takes a folder in a file's place for no file", async (store, root, work) => {
  await build(store, work, "ci");
  await Deno.mkdir(`${root}/ci/k`);
  await store.name("ci", { ...(await store.load("ci")).spec, kernel: "k" }, originOf("x"));
  assertEquals((await assertRejects(() => store.load("ci"), BerthError, "kernel")).code, "image.file-missing");
});

storeTest("load() says of a file that is elsewhere on the host where it must be", async (store, root, work) => {
  const spec = await build(store, work, "ci");
  await Deno.writeTextFile(`${root}/ci/spec.json`, JSON.stringify({ ...spec, kernel: "/boot/vmlinuz" }));
  const words = 'image "ci": kernel: /boot/vmlinuz: an image\'s files must be in its own folder, or in the store';
  assertEquals((await assertRejects(() => store.load("ci"), BerthError, words)).code, "image.spec");
});

for (const file of ["spec.json", "origin.json"]) {
  storeTest(
    `load() neither waits for a pipe in the place of ${file} nor reads what is elsewhere`,
    async (store, root, work) => {
      await build(store, work, "ci");
      for (const [script, words] of [["mkfifo", "this is no file"], ["ln -s /etc/passwd", "leads out of its folder"]]) {
        const args = ["-c", `rm "$1" && ${script} "$1"`, "sh", `${root}/ci/${file}`];
        assert((await new Deno.Command("sh", { args }).output()).success);
        assertEquals((await assertRejects(() => store.load("ci"), BerthError, words)).code, "image.spec");
      }
      assertEquals([await store.names(), await store.has("ci")], [["ci"], true]);
    },
  );
}

const NO_NAMES = [
  ...[
    "",
    ".",
    "..",
    ".store",
    ".hidden",
    "a/b",
    "/a",
    "../a",
    "a/..",
    "a\\b",
    "a b",
    "a\n",
    "a\0",
    "ä",
    "x".repeat(65),
  ],
  ...["$(id)", "a;b", "*"],
];
for (const name of NO_NAMES) {
  storeTest(`${JSON.stringify(name.slice(0, 20))} is no name for an image`, async (store) => {
    const spec = specOf("/k", "/i");
    for (
      const use of [
        () => store.has(name),
        () => store.load(name),
        () => store.name(name, spec, originOf("x")),
        () => store.lock(name, () => {}),
      ]
    ) {
      assertEquals((await assertRejects(use, BerthError, "is not an image name")).code, "image.name");
    }
  });
}

storeTest("lock() waits for who holds it, and says so once", async (store, root) => {
  const waits: string[] = [];
  const said = Promise.withResolvers<void>();
  const first = await store.lock("ci", () => waits.push("first"));
  const second = new ImageStore(root).lock("ci", () => {
    waits.push("second");
    said.resolve();
  });
  await said.promise;
  assertEquals(await settlesWithin(second, 20), false);
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
  assertEquals(waits, ["second"]);
});

storeTest("lock() keeps nobody from building another image", async (store) => {
  using _one = await store.lock("one", () => {});
  using _two = await store.lock("two", () => {
    throw new Error("it waits");
  });
});

storeTest("workFolder() is private, and gone when it is disposed", async (store, root) => {
  let path = "";
  {
    await using work = await store.workFolder();
    path = work.path;
    assertMatch(path, new RegExp(`^${root}/\\.work-`));
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o700);
    await Deno.writeTextFile(`${path}/x`, "x");
  }
  await assertRejects(() => Deno.lstat(path), Deno.errors.NotFound);
});
