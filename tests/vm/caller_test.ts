/**
 * What berth's caller brings along, and may have done to berth's own folders: no boot is needed to refuse it.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { berth, emptyFolder, shell } from "../support/berth.ts";

const folder = await emptyFolder("caller");

Deno.test("berth's own folders are nobody else's, whatever the caller's umask is", async () => {
  const state = `${folder}/open`;
  const wrapper = ["sh", "-c", 'umask 000; exec "$@"', "sh"];
  assertEquals((await berth(["image", "ls"], { state, wrapper })).code, 0);
  assertEquals(await shell('stat -c %a "$1"; find "$1" -perm /022', state), "700\n");
});

Deno.test("a state folder of somebody else's, or that others may write, is refused", async () => {
  for (
    const [change, words] of [
      ['chmod 777 "$1"', "others may write into it (mode 777)"],
      ['chmod 720 "$1"', "others may write into it (mode 720)"],
      ['chown 1234 "$1"', "it belongs to somebody else"],
    ]
  ) {
    const state = await emptyFolder("caller/given");
    await shell(change, state);
    for (const command of [["image", "ls"], ["gc"], ["run", "--", "true"]]) {
      const { code, stderr } = await berth(command, { state });
      assertEquals([code, stderr.includes(`${state}: ${words} (`)], [125, true], stderr);
    }
    const doctor = await berth(["doctor", "--only", "state"], { state });
    assertEquals(doctor.code, 1);
    assertStringIncludes(doctor.stdout, "fail  state.owner");
    assertEquals(await shell('ls -A "$1"', state), "");
  }
});

Deno.test("root's jobs have a jail, or are refused where there is no bubblewrap", async () => {
  const hidden = `mount -t tmpfs none "$1"; mkdir "$1/upper" "$1/work"
    mount -t overlay -o "lowerdir=/usr/bin,upperdir=$1/upper,workdir=$1/work" none /usr/bin
    rm /usr/bin/bwrap; shift; exec "$@"`;
  const wrapper = ["unshare", "--mount", "sh", "-ec", hidden, "sh", await emptyFolder("caller/overlay")];
  const { code, stderr } = await berth(["run", "--accel=tcg", "--", "true"], { wrapper });
  assertEquals(code, 125);
  assertStringIncludes(stderr, "bubblewrap does not work here");
  assertStringIncludes(stderr, "bwrap: not found");
});

Deno.test("an environment with nothing in it is enough for root", async () => {
  const wrapper = ["env", "-i", "HOME=/root", `BERTH_STATE=${folder}/bare`];
  for (const command of [["image", "ls"], ["doctor", "--only", "host"]]) {
    const { code, stderr } = await berth(command, { wrapper });
    assertEquals(code, 0, stderr);
  }
});

Deno.test("root follows no link of another user's, and a report goes into a file and nothing else", async () => {
  const place = await emptyFolder("caller/links");
  await shell(
    `cd "$1"; mkdir root user; echo kept >root/victim; mkfifo user/fifo; echo kept >user/plain; ln user/plain user/second
     ln -s ../root/victim user/report; ln -s ../root user/out; chown -hR 1234 user; ln -s user own`,
    place,
  );
  const refused: [flag: string, value: string, words: string][] = [
    ["--report", "user/report", "this is a link, another file's second name, a pipe or a device"],
    ["--report", "user/fifo", "this is a link, another file's second name, a pipe or a device"],
    ["--report", "user/second", "this is a link, another file's second name, a pipe or a device"],
    ["--report", "user/out/new", "a link in this path is another user's"],
    ["--artifact", "/x=user/out", "a link in this path is another user's"],
    ["--artifact", "/x=own/out/new", "a link in this path is another user's"],
    ["--workspace", "user/out", "a link in this path is another user's"],
    ["--volume", "./user/out:/v", "a link in this path is another user's"],
  ];
  for (const [flag, value, words] of refused) {
    const { code, stderr } = await berth(["run", flag, value, "--", "true"], { cwd: place, limitMs: 60_000 });
    assertEquals([code, stderr.includes(words)], [125, true], `${flag} ${value}: ${stderr}`);
  }
  assertEquals(await shell('cd "$1"; ls root; cat root/victim user/plain', place), "victim\nkept\nkept\n");
  // The caller's own links are followed, and what is missing is made as the caller wants it.
  const wrapper = ["sh", "-c", 'umask 027; exec "$@"', "sh"];
  const flags = ["--image", "no-such", "--report", "own/r.json", "--artifact", "/x=own/a/b"];
  const { stderr } = await berth(["run", ...flags, "--", "true"], { cwd: place, wrapper });
  assertStringIncludes(stderr, 'there is no image "no-such"');
  assertEquals(await shell('cd "$1/user"; stat -c "%a %n" a a/b r.json', place), "750 a\n750 a/b\n640 r.json\n");
});
