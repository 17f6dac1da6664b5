import { assertEquals, assertStringIncludes } from "@std/assert";
import { berth, emptyFolder, leftovers, SCRATCH, shell, start, STATE } from "../../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

const SCRIPT = new URL("debian_source.sh", import.meta.url).pathname;

Deno.test("berth image build names the packages that Debian does not have", async () => {
  const args = ["image", "build", "wrong", "--debian", "bookworm", "--packages", "make,no-such-package"];
  const { code, stdout, stderr } = await berth(args);
  assertEquals([code, stdout], [125, ""]);
  assertStringIncludes(stderr, 'Debian bookworm has no package "no-such-package"');
  assertEquals((await berth(["image", "ls"])).stdout.includes("wrong"), false);
  assertEquals(await leftovers(), []);
});

for (const moment of ["downloading packages with apt", "installing essential packages"]) {
  Deno.test(`a build that is stopped while it is ${moment} leaves nothing`, async () => {
    const child = start(["image", "build", "stopped", "--debian", "bookworm", "--packages", "make"]);
    const stdout = new Response(child.stdout).text();
    let words = "";
    for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
      if (!words.includes(moment) && (words + chunk).includes(moment)) child.kill("SIGINT");
      words += chunk;
    }
    assertEquals([(await child.status).code, await stdout], [125, ""], words);
    assertStringIncludes(words, "berth: the build was ended by SIGINT");
    assertEquals(await shell(`ls -d "$1"/images/.work-* "$1"/images/stopped 2>/dev/null || true`, STATE), "");
    assertEquals(await leftovers(), []);
  });
}

const PACKAGES = ["--debian", "bookworm", "--packages", "make,gcc,libc6-dev,python3-minimal"];

/** Builds the image that tests here have in common, whichever of them runs first, or alone. */
async function haveTools(): Promise<void> {
  if (
    JSON.parse((await berth(["image", "ls", "--json"])).stdout).some(({ name }: { name: string }) =>
      name === "devtools"
    )
  ) {
    return;
  }
  const built = await berth(["image", "build", "devtools", ...PACKAGES]);
  assertEquals(built.code, 0, built.stderr);
}

Deno.test("Debian's own source of hello is configured, built, checked, and taken out", async () => {
  const built = await berth(["image", "build", "devtools", ...PACKAGES]);
  assertEquals(built.code, 0, built.stderr);
  assertStringIncludes(built.stderr, "berth: installing remaining packages inside the chroot...");
  // Nothing of the host is in it that its builder needs only while it builds.
  const list = `name=$(sed -n 's|.*"storeDisk": ".*\\.store/\\(.*\\)".*|\\1|p' "$1"/images/devtools/spec.json)
    unsquashfs -lln "$1/images/.store/$name"`;
  const hosts = /^.* squashfs-root\/etc\/(hostname|resolv\.conf|machine-id)$/m.exec(await shell(list, STATE));
  assertEquals(hosts?.[1], undefined);
  const folder = await emptyFolder("hello");
  await shell(`sh "$1" "$2" >&2`, SCRIPT, folder);
  const source = (await shell(`ls -d "$1"/src/hello-*/`, folder)).trim();
  const job = ["sh", "-ec", "gcc --version; ./configure; make; make check"];
  const flags = [
    "--image",
    "devtools",
    "--memory",
    "1G",
    "--workspace",
    source,
    "--artifact",
    `/workspace/hello=${folder}/out`,
  ];
  const { code, stdout, stderr } = await berth(["run", ...flags, "--", ...job], { limitMs: 1_800_000 });
  assertEquals(code, 0, `${stderr}\n${stdout.slice(-4000)}`);
  assertStringIncludes(stdout, "# FAIL:  0\n");
  assertEquals(await shell(`"$1/out/hello"`, folder), "Hello, world!\n");
  assertEquals(await leftovers(), []);
});

Deno.test("a Debian image's root is writable, and forgotten with the job", async () => {
  await haveTools();
  const script = "cat /etc/debian_version; echo changed >/etc/debian_version; cat /etc/debian_version; id -un";
  const look = 'id -un; id -gn; getent ahosts localhost | cut -d " " -f 1 | uniq; getent hosts "$(hostname)" | wc -l';
  const args = ["run", "--quiet", "--image", "devtools", "--user", "nobody:daemon", "--", "sh", "-c", look];
  assertEquals((await berth(args)).stdout, "nobody\ndaemon\n::1\n127.0.0.1\n1\n");
  for (const _ of ["first", "second"]) {
    const { stdout } = await berth(["run", "--quiet", "--image", "devtools", "--", "sh", "-c", script]);
    const [before, after, user] = stdout.split("\n");
    assertEquals([/^12/.test(before), after, user], [true, "changed", "root"]);
  }
});

Deno.test("clones of a guest have hash seeds of their own, in Perl and in Python", async () => {
  await haveTools();
  const warm = await berth(["image", "warm", "devtools", "--accel", "tcg", "--quiet"]);
  assertEquals([warm.code, warm.stderr], [0, ""]);
  const perl = "perl -e 'print join(q( ), keys %{{ map { $_ => 1 } 1 .. 30 }}), qq(\\n)'";
  const script = `${perl}; python3 -c 'print(hash("x"))'`;
  const seen = new Set<string>();
  for (let count = 0; count < 3; count++) {
    const args = [
      "run",
      "--quiet",
      "--accel",
      "tcg",
      "--image",
      "devtools",
      "--start",
      "clone",
      "--",
      "sh",
      "-ec",
      script,
    ];
    const { code, stdout, stderr } = await berth(args);
    assertEquals([code, stderr, stdout.split("\n").length], [0, "", 3]);
    for (const line of stdout.trimEnd().split("\n")) seen.add(line);
  }
  assertEquals(seen.size, 6, [...seen].join("\n"));
});
