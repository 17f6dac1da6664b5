import { assertEquals, assertStringIncludes } from "@std/assert";
import { berth, emptyFolder, leftovers, SCRATCH, shell, STATE } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

const CASES: [args: string[], words: string][] = [
  [["run"], "there is no command to run"],
  [["run", "--quiet"], "there is no command to run"],
  [["run", "--memroy", "1G", "--", "true"], 'unknown flag --memroy; did you mean "--memory"?'],
  [["run", "--image", "no-such", "--", "true"], 'there is no image "no-such"'],
  [["run", "--image", "..", "--", "true"], "the folder given as --image has no spec.json"],
  [["run", "--memory", "0", "--", "true"], "--memory: 0 is too little"],
  [["run", "--memory", "1", "--", "true"], "--memory: 1 is too little"],
  [["run", "--memory", "95M", "--", "true"], "--memory: 95M is too little"],
  [["run", "--memory", "1048576G", "--", "true"], "is more than this host has"],
  [["run", "--memory", "lots", "--", "true"], '--memory: "lots" is not a size'],
  [["run", "--env", "NAME", "--", "true"], "--env: NAME is not set in berth's own environment"],
  [["run", "--workspace", "/etc/passwd", "--", "true"], "/etc/passwd: there is no such folder"],
  [["run", "--workspace", "/no/such", "--", "true"], "/no/such: there is no such folder"],
  [["run", "--report", "/no/such/report.json", "--", "true"], "/no/such/report.json: this file can't be written"],
  [["run", "--report", "/tmp", "--", "true"], "/tmp: this file can't be written"],
  [["run", "--artifact", "/x", "--", "true"], '--artifact: "/x" names no two places'],
  [["run", "--timeout=-1s", "--", "true"], '--timeout: "-1s" is not a positive duration'],
  [["run", "--swap", "1X", "--", "true"], '--swap: "1X" is not a size'],
  [["run", "--limits", "off", "--swap", "1G", "--", "true"], "--limits off would leave out --swap"],
  [["run", "--cpuset", "5-1", "--", "true"], '--cpuset: "5-1" is not a list'],
  [["run", "--io-max", "sda:10M", "--", "true"], '--io-max: "sda:10M" has no rate'],
  [["run", "--tenant-memory", "1G", "--", "true"], "--tenant-memory needs --tenant NAME"],
  [["run", "--device", "/etc/passwd", "--", "true"], '--device: "/etc/passwd" is not a path below /dev'],
  [["run", "--memory-high", "128M", "--", "true"], "less than the guest's memory (512 MiB)"],
  [["run", "--cgroup-parent", "a:b", "--", "true"], '--cgroup-parent: "a:b" has 2 parts'],
  // Refused on every host: where cgroup v2 could limit, that is not in its tree.
  [["run", "--limits", "require", "--cgroup-parent", "/tmp", "--", "true"], "cgroup"],
  [["update", "0123456789ab", "--pids", "100"], "there is no job 0123456789ab"],
  [["update", "0123456789ab"], "there is nothing to update"],
  [["run", "--user", "no-such", "--", "true"], "user no-such: no such user in the image"],
  [["run", "--workdir", "/bin/sh", "--", "true"], "the working directory /bin/sh in the guest: File exists"],
  [["submit"], "berth submit is not there yet"],
  [["rum"], 'unknown command "rum"; did you mean "run"?'],
  [[], "there is no command"],
];

for (const [args, words] of CASES) {
  Deno.test(`berth ${args.join(" ")} is refused with a sentence`, async () => {
    const { code, stdout, stderr } = await berth(args);
    assertEquals([code, stdout], [125, ""], stderr);
    assertStringIncludes(stderr, "berth: ");
    assertStringIncludes(stderr, words);
    assertEquals(await leftovers(), []);
  });
}

/** A copy of the default image's spec, as a folder. */
async function imageFolder(): Promise<{ folder: string; spec: Record<string, unknown> }> {
  assertEquals((await berth(["run", "--quiet", "--", "true"])).code, 0);
  const folder = await emptyFolder("image");
  const spec = JSON.parse(await Deno.readTextFile(`${STATE}/images/default/spec.json`));
  for (const field of ["kernel", "initrd"]) {
    await Deno.copyFile(`${STATE}/images/default/${spec[field]}`, `${folder}/${field}`);
    spec[field] = field;
  }
  return { folder, spec };
}

Deno.test("--image takes a folder, and names each field of its spec.json that is missing or wrong", async () => {
  const { folder, spec } = await imageFolder();
  const write = (changed: unknown) => Deno.writeTextFile(`${folder}/spec.json`, JSON.stringify(changed));
  const run = (...flags: string[]) => berth(["run", "--quiet", "--image", folder, ...flags, "--", "echo", "ran"]);
  await write(spec);
  assertEquals((await run()).stdout, "ran\n");
  for (const field of ["arch", "kernel", "initrd", "bootArgs", "memoryMiB", "vcpus", "runnerType"]) {
    const { [field]: _, ...rest } = spec;
    await write(rest);
    const { code, stderr } = await run();
    assertEquals(code, 125);
    assertStringIncludes(stderr, `the field "${field}" is missing`);
  }
  await write({ ...spec, kernel: "no-kernel" });
  assertStringIncludes((await run()).stderr, `kernel: ${folder}/no-kernel: there is no such file`);
  for (const outside of ["/etc/passwd", "../secret", "link/passwd"]) {
    await shell(`ln -sfn /etc "$1/link"`, folder);
    await write({ ...spec, storeDisk: outside });
    assertStringIncludes((await run()).stderr, "is not in the image's own folder");
  }
  await Deno.writeTextFile(`${folder}/spec.json`, "{");
  assertStringIncludes((await run()).stderr, "this is not JSON");
  assertEquals(await leftovers(), []);
});

Deno.test("a boot that hangs is cut and tried once more, and the report says so", async () => {
  const { folder, spec } = await imageFolder();
  // A guest that never says hello: its init waits for ever.
  await Deno.writeTextFile(
    `${folder}/spec.json`,
    JSON.stringify({ ...spec, bootArgs: "rdinit=/bin/sleep -- 1000000" }),
  );
  const report = `${SCRATCH}/report.json`;
  const args = ["run", "--image", folder, "--accel", "tcg", "--boot-timeout", "6s", "--report", report, "--", "true"];
  const { code, stderr } = await berth(args);
  assertEquals(code, 125, stderr);
  assertStringIncludes(stderr, "did not report within 6 s; trying once more");
  const { verdict, attempts, reason } = JSON.parse(await Deno.readTextFile(report));
  assertEquals([verdict, attempts], ["boot-failed", 2], reason);
  assertEquals(await leftovers(), []);
});

Deno.test("a full disk ends a job as itself", async () => {
  assertEquals((await berth(["run", "--quiet", "--", "true"])).code, 0);
  // A state folder on a disk of its own, in a mount namespace of its own, with 60 MiB to spare.
  const setup =
    `mkdir -p "$1" && size=$(($(du -sm "$2" | cut -f1) + 60)) && mount -t tmpfs -o size=\${size}m full "$1" && cp -a "$2/." "$1" && shift 2 && exec "$@"`;
  const state = `${SCRATCH}/full`;
  const wrapper = ["unshare", "-m", "sh", "-c", setup, "sh", state, STATE];
  const { code, stderr } = await berth(["run", "--quiet", "--min-free", "16M", "--", "cat", "/dev/zero"], {
    wrapper,
    state,
  });
  assertEquals(code, 123);
  assertStringIncludes(stderr, `berth: infra: the disk of ${state}/jobs/`);
  assertEquals(await leftovers(), []);
  await shell(`rmdir "$1"`, state);
});

Deno.test("KVM is believed only when a kernel ran on it", async () => {
  const report = `${SCRATCH}/report.json`;
  await Deno.remove(`${STATE}/host.json`).catch(() => {});
  const forced = await berth(["run", "--accel", "kvm", "--report", report, "--", "echo", "ran"]);
  const automatic = await berth(["run", "--report", report, "--", "echo", "ran"]);
  const { accel } = JSON.parse(await Deno.readTextFile(report));
  assertEquals(automatic.stdout, "ran\n");
  if (forced.code === 0) {
    assertEquals([forced.stdout, accel], ["ran\n", "kvm"]);
    return;
  }
  assertEquals([forced.code, accel], [125, "tcg"]);
  assertStringIncludes(forced.stderr, "KVM does not work on this host: ");
  assertStringIncludes(automatic.stderr, "berth: no KVM, so the guest is emulated (TCG), which is slow: ");
});
