import { assertEquals, assertStringIncludes } from "@std/assert";
import { berth, leftovers, SCRATCH, shell, STATE } from "../../support/berth.ts";
import { makeRoots } from "../../support/roots.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

const SCRIPT = new URL("import_image.sh", import.meta.url).pathname;
const SHOW = "stat -c '%n %u:%g %a %h' /srv/file /srv/linked /usr/bin/passwd /usr/bin/chage; /sbin/getcap /srv/file; " +
  "readlink /srv/leads-out; cat /srv/file; ls /srv";
const KEPT = [
  "/srv/file 1234:5678 644 2",
  "/srv/linked 1234:5678 644 2",
  "/usr/bin/passwd 0:0 4755 1",
  "/usr/bin/chage 0:42 2755 1",
  "/srv/file cap_net_raw=ep",
  "/etc",
  "first",
  "file",
].join("\n");
/** What the image's own command prints: its user, folder and environment. */
const OWN = "nobody\ndaemon\n/srv\ngood\nday\n/opt:/bin\n";

async function run(image: string, ...command: string[]) {
  const { code, stdout, stderr } = await berth(["run", "--quiet", "--image", image, ...command]);
  assertEquals([code, stderr], [0, ""], `${stdout}\n${stderr}`);
  return stdout;
}

Deno.test("root file systems of every form are imported, with what they keep", async (test) => {
  await using roots = await makeRoots("import");
  const { folder, kernel } = roots;
  const take = async (name: string, source: string, ...flags: string[]) =>
    await berth(["image", "import", name, `${folder}/${source}`, ...kernel, ...flags]);
  await shell(`sh "$1" "$2" >&2`, SCRIPT, folder);

  await test.step("a tar keeps owners, modes, hard links and attributes, and has no command of its own", async () => {
    const { code, stderr } = await take("tar", "root.tar.zst");
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "berth: packing a tar (zstd, ");
    const shown = await run("tar", "--", "sh", "-c", SHOW);
    assertEquals(shown, `${KEPT}\ngone\nleads-out\nlinked\n`);
    const { code: refused, stderr: words } = await berth(["run", "--image", "tar"]);
    assertEquals([refused, words.includes('image "tar" has none of its own')], [125, true], words);
  });

  for (const [name, source, ...flags] of [["layout", "oci", "--ref", "two"], ["docker", "docker.tar"]]) {
    await test.step(`${source} is taken with its layers, and its config makes the jobs' defaults`, async () => {
      const { code, stderr } = await take(name, source, ...flags);
      assertEquals(code, 0, stderr);
      assertEquals(await run(name), OWN);
      const shown = await run(name, "--user", "root", "--workdir", "/", "--", "sh", "-c", SHOW);
      // The second layer has taken one file away, and brought one.
      assertEquals(shown, `${KEPT}\nleads-out\nlinked\nsecond\n`);
    });
  }

  await test.step("of several images in an archive one must be named, and it must be for this machine", async () => {
    const several = await take("several", "oci.tar.gz");
    assertEquals(several.code, 125);
    assertStringIncludes(several.stderr, `${folder}/oci.tar.gz: it has several images; choose one with --ref: `);
    const arm = await take("arm", "oci.tar.gz", "--ref", "arm");
    assertEquals(arm.code, 125);
    assertStringIncludes(arm.stderr, "the image is for linux/arm64; berth runs linux/amd64");
    const one = await take("one", "oci.tar.gz", "--ref", "one");
    assertEquals(one.code, 0, one.stderr);
    assertEquals(await run("one", "--", "cat", "/srv/gone"), "gone\n");
  });

  await test.step("without a jail that works an import is refused, unless it is to have none", async () => {
    const noJail = ["unshare", "-m", "sh", "-c", 'mount --bind /bin/false /usr/bin/bwrap && exec "$@"', "sh"];
    const takeUnjailed = (...flags: string[]) =>
      berth(["image", "import", "free", `${folder}/docker.tar`, ...kernel, ...flags], { wrapper: noJail });
    const refused = await takeUnjailed();
    assertEquals(refused.code, 125);
    assertStringIncludes(refused.stderr, "the import's tools need their jail, and bubblewrap does not work here");
    const { code, stderr } = await takeUnjailed("--jail", "off");
    assertEquals(code, 0, stderr);
    assertEquals(await run("free"), OWN);
  });

  await test.step("an image of another berth's agent is renewed by its next job, and keeps the user's kernel", async () => {
    const before = await shell(`cat "$1"/images/tar/spec.json`, STATE);
    const script = `sed -i 's/"agent": "[^"]*"/"agent": "another"/' "$1"/images/tar/origin.json`;
    await shell(script, STATE);
    const { code, stdout, stderr } = await berth(["run", "--image", "tar", "--", "cat", "/srv/file"]);
    assertEquals([code, stdout], [0, "first\n"], stderr);
    assertStringIncludes(stderr, 'image "tar" was built by another version of berth: renewing');
    // The same agent, modules and busybox give the same initramfs.
    assertEquals(await shell(`cat "$1"/images/tar/spec.json`, STATE), before);
  });

  await test.step("nothing is left but the images", async () => {
    assertEquals(
      await shell(`ls -d "$1"/images/.work-* "$1"/images/several "$1"/images/arm 2>/dev/null || true`, STATE),
      "",
    );
    assertEquals(await leftovers(), []);
  });
});
