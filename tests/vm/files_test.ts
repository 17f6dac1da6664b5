import { assertEquals, assertStringIncludes } from "@std/assert";
import { berth, emptyFolder, leftovers, SCRATCH, shell } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** Type, mode, size, link target and name of everything below a folder. */
const LISTING =
  `find . -mindepth 1 ! -type d -printf '%y %m %s %n %l %p\\n' -o -type d -mindepth 1 -printf '%y %m %p\\n' | sort`;

Deno.test("--workspace copies a folder in, and --artifact the same folder out again", async () => {
  const workspace = await emptyFolder("workspace");
  const out = `${SCRATCH}/out`;
  await Deno.remove(out, { recursive: true }).catch(() => {});
  await shell(
    `cd "$1"; mkdir -p empty deep/er "a b"; echo text >plain; printf 'x%.0s' $(seq 5000) >deep/er/large
    chmod 640 plain; chmod 700 empty; ln plain hard; ln -s deep/er link; ln -s ../plain deep/up; echo q >"a b/it's"
    touch $(printf 'n%.0s' $(seq 200)); echo "\\303\\201" >umlaut-ä; : >zero`,
    workspace,
  );
  const args = ["run", "--quiet", "--workspace", workspace, "--artifact", `/workspace=${out}`];
  const { code, stdout, stderr } = await berth([...args, "--", "sh", "-c", "pwd; stat -c %h hard; cat deep/up"]);
  assertEquals([code, stdout], [0, "/workspace\n2\ntext\n"], stderr);
  assertEquals(await shell(`cd "$1"; ${LISTING}`, out), await shell(`cd "$1"; ${LISTING}`, workspace));
  assertEquals(await shell(`diff -r "$1" "$2"`, workspace, out), "");
  assertEquals(await leftovers(), []);
});

Deno.test("a job's changes stay in its copy of the workspace", async () => {
  const workspace = await emptyFolder("workspace");
  await Deno.writeTextFile(`${workspace}/kept`, "as it was");
  const script = "echo changed >kept; echo new >new; mkdir -p x && dd if=/dev/zero of=x/y bs=1M count=64 2>/dev/null";
  assertEquals((await berth(["run", "--quiet", "--workspace", workspace, "--", "sh", "-c", script])).code, 0);
  assertEquals(await shell(`cd "$1"; ls; cat kept`, workspace), "kept\nas it was");
});

Deno.test("--artifact takes single files and several places, and nothing leads out of them", async () => {
  const out = await emptyFolder("hostile");
  const secret = `${SCRATCH}/secret`;
  await Deno.writeTextFile(secret, "the host's");
  const script = `mkdir -p /out/sub /two; cd /out; echo good >sub/good; ln -s sub/good fine
    ln -s ${secret} absolute; ln -s ../../../../../..${secret} climbing; ln -s sub/../../.. sneaky; ln -s .. sub/up
    ln -s ../.. sub/escape; mkfifo fifo; mknod device c 1 3; echo x >setuid; chmod 4755 setuid; echo single >/two/file`;
  const artifacts = ["--artifact", `/out=${out}/a`, "--artifact", `/two/file=${out}/b`];
  const { code, stderr } = await berth(["run", ...artifacts, "--", "sh", "-c", script]);
  assertEquals(code, 0, stderr);
  const names = await shell(`cd "$1"; find . -mindepth 1 | sort; stat -c %a a/setuid; cat b/file`, out);
  const expected = ["./a", "./a/fine", "./a/setuid", "./a/sub", "./a/sub/good", "./a/sub/up", "./b", "./b/file"];
  assertEquals(names, [...expected, "755", "single", ""].join("\n"));
  for (const name of ["absolute", "climbing", "sneaky", "sub/escape", "fifo", "device"]) {
    assertStringIncludes(stderr, `berth: artifact: left out ${name}: `);
  }
  assertEquals(await Deno.readTextFile(secret), "the host's");
});

Deno.test("an artifact that is not there makes a job that succeeded an error; the others come out", async () => {
  const out = await emptyFolder("partly");
  const args = ["run", "--quiet", "--artifact", `/nothing=${out}/a`, "--artifact", `/there=${out}/b`];
  const missing = await berth([...args, "--artifact", `/etc/none=${out}/c`, "--", "sh", "-c", "echo 1 >/there"]);
  assertEquals(missing.code, 123);
  const words = "the artifact /nothing, the artifact /etc/none: the job has ended, and there is no such file or folder";
  assertStringIncludes(missing.stderr, words);
  assertEquals(await Deno.readTextFile(`${out}/b/there`), "1\n");
  assertEquals((await berth([...args, "--", "sh", "-c", "exit 4"])).code, 4, "a job's own failure comes first");
  assertEquals(await leftovers(), []);
});

const ENDS: [name: string, on: string, script: string, status: number, comesOut: boolean][] = [
  ["success", "failure", "exit 0", 0, false],
  ["failure", "failure", "exit 3", 3, true],
  ["failure", "success", "exit 3", 3, false],
  ["timeout", "always", "trap 'exit 0' TERM; while :; do sleep 0.1; done", 124, true],
];
for (const [name, on, script, status, comesOut] of ENDS) {
  Deno.test(`--artifact-on ${on} after a ${name} copies ${comesOut ? "artifacts" : "nothing"} out`, async () => {
    const out = await emptyFolder("on");
    const args = ["run", "--quiet", "--artifact", `/made=${out}`, "--artifact-on", on, "--timeout", "1s"];
    const { code, stderr } = await berth([...args, "--", "sh", "-c", `echo text >/made; ${script}`]);
    assertEquals(code, status, stderr);
    assertEquals(await shell(`cd "$1"; grep -r . . || true`, out), comesOut ? "./made:text\n" : "");
    assertEquals(await leftovers(), []);
  });
}

Deno.test("an artifact of a failed job that is not there is said, and changes nothing else", async () => {
  const out = await emptyFolder("on");
  const args = ["run", "--quiet", "--artifact", `/none=${out}`, "--artifact-on", "always", "--", "sh", "-c", "exit 3"];
  const { code, stderr } = await berth(args);
  assertEquals(code, 3);
  assertStringIncludes(stderr, "the artifact /none: the job has ended, and there is no such file or folder");
});

Deno.test("links that a job puts in the place of its folders lead artifacts nowhere else", async () => {
  const out = await emptyFolder("links");
  // A root can take away the /dev that it was given, and let it lead to the agent's own files.
  const script = `mkdir /out; echo mine >/out/file; ln -s /run/job.sh /out/agents; umount -l /dev 2>/dev/null
    mv /dev /dev2 2>/dev/null; ln -s /berth /dev; ln -s / /root-link; exit 0`;
  const flags = ["--artifact", `/root-link/out=${out}/a`, "--artifact", `/dev=${out}/b`];
  const { code, stderr } = await berth(["run", ...flags, "--", "sh", "-c", script]);
  // /berth is the agent's: for the job there is no such folder.
  assertEquals(code, 123, stderr);
  assertStringIncludes(stderr, "the artifact /dev: the job has ended, and there is no such file or folder");
  assertEquals(await shell(`cd "$1"; find . -type f`, out), "./a/file\n");
});

Deno.test("--drain runs in the guest when the job has ended, before artifacts are taken, and changes no verdict", async () => {
  const folder = await emptyFolder("drained");
  const flags = ["--drain", "echo drained; date >/out/when; exit 4", "--artifact", `/out=${folder}`];
  const { code, stdout, stderr } = await berth(["run", "--quiet", ...flags, "--", "sh", "-c", "mkdir /out; echo ran"]);
  assertEquals([code, stdout], [0, "ran\ndrained\n"], stderr);
  assertEquals(stderr, "berth: the drain failed: it exited with status 4\n");
  assertEquals((await Deno.readTextFile(`${folder}/when`)).length > 10, true);
});

Deno.test("--drain that takes too long is ended, and the artifacts come out all the same", async () => {
  const folder = await emptyFolder("drained");
  const drain = ["--drain", "trap '' TERM; while :; do sleep 1; done", "--drain-timeout", "1s"];
  const flags = [...drain, "--artifact", `/out=${folder}`, "--artifact-on", "failure"];
  const job = "mkdir /out; echo kept >/out/file; exit 3";
  const { code, stderr } = await berth(["run", "--quiet", ...flags, "--", "sh", "-c", job]);
  assertEquals([code, stderr], [3, "berth: the drain failed: waited 1 s for the drain\n"]);
  assertEquals(await Deno.readTextFile(`${folder}/file`), "kept\n");
  assertEquals(await leftovers(), []);
});
