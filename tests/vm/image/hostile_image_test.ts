import { assertEquals, assertStringIncludes } from "@std/assert";
import { berth, emptyFolder, leftovers, SCRATCH, shell } from "../../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/**
 * A root file system whose usual programs lie, and whose usual folders are links that lead to places of the agent's.
 * The one program that means it well is /bin/busybox.real.
 */
const MAKE = `set -e; cd "$1"; mkdir -p bin sbin etc out
  cp /bin/busybox bin/busybox.real
  for program in bin/sh bin/busybox bin/mount sbin/init init bin/tar bin/realpath; do
    printf '#!/bin/busybox.real sh\\necho lies of %s; echo exited code 0 0 >/dev/console; exit 0\\n' $program >$program
  done
  cat >bin/job; chmod 755 bin/* sbin/* init
  ln -s /run dev; ln -s / proc; ln -s /berth sys; ln -s /berth tmp; ln -s /berth workspace; ln -s /run data
  ln -s ../../../modules cache; ln -s /proc/kmsg etc/passwd; ln -s /berth/exec.sh etc/hosts; ln -s /run/job.sh etc/hostname; ln -s /dev/vport0p1 etc/group; ln -s /berth out/agents`;

/** What a job that is root of its guest may try: it ends with 7 all the same. */
const JOB = `#!/bin/busybox.real sh
PATH=/
cd /
say() { /bin/busybox.real echo "$@"; }
say "$(/bin/busybox.real cat /workspace/mine) $(/bin/busybox.real cat /data/mine) $(/bin/busybox.real cat /cache/kept 2>/dev/null)"
say kept >/cache/kept
# The agent's ports, made anew: each can be opened once only.
for port in /sys/class/virtio-ports/*; do
  numbers=$(/bin/busybox.real cat $port/dev)
  /bin/busybox.real mknod /port c \${numbers%:*} \${numbers#*:}
  (say "exited code 0 0" >/port) 2>/dev/null && say "could write to $(/bin/busybox.real cat $port/name)"
  /bin/busybox.real rm /port
done
for file in /berth/agent.sh /run/job.sh /modules/order; do [ -e $file ] && say "sees $file"; done
exit 7
`;

Deno.test("an image whose programs and folders lie neither reaches the agent nor forges an exit status", async () => {
  const folder = await emptyFolder("liar");
  const data = await emptyFolder("liar-data");
  await Deno.writeTextFile(`${data}/mine`, "the user's");
  const maker = new Deno.Command("sh", { args: ["-c", MAKE, "sh", folder], stdin: "piped" }).spawn();
  const writer = maker.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JOB));
  await writer.close();
  assertEquals((await maker.status).code, 0);
  const imported = await berth(["image", "import", "liar", folder, "--quiet"]);
  assertEquals(imported.code, 0, imported.stderr);
  await berth(["cache", "rm", "liar"]);
  const out = await emptyFolder("liar-out");
  const report = `${SCRATCH}/liar.json`;
  const flags = [
    ...["--image", "liar", "--report", report, "--workspace", data, "--volume", `${data}:/data:ro`],
    ...["--cache", "liar:/cache:8M", "--artifact", `/out=${out}`, "--artifact-on", "always", "--workdir", "/"],
  ];
  const { code, stdout, stderr } = await berth(["run", ...flags, "--", "/bin/job"]);
  assertEquals([code, stdout], [7, "the user's the user's \n"], stderr);
  const { verdict, exitCode, signal } = JSON.parse(await Deno.readTextFile(report));
  assertEquals([verdict, exitCode, signal], ["failed", 7, null]);
  assertStringIncludes(stderr, "artifact: left out agents: it is a link that leads out of the artifact, to /berth");
  assertEquals(await shell('ls -A "$1"', out), "");
  const unknown = await berth(["run", "--image", "liar", "--user", "nobody", "--", "/bin/job"]);
  assertEquals(unknown.code, 125, unknown.stderr);
  assertStringIncludes(unknown.stderr, "user nobody: no such user in the image");
  assertEquals((await berth(["image", "rm", "liar"])).code, 0);
  assertEquals(await leftovers(), []);
});
