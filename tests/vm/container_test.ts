import { assertEquals, assertStringIncludes } from "@std/assert";
import { berth, emptyFolder, leftovers, SCRATCH, shell } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** Busybox, and the files of an image that somebody made by hand: no final newlines, links to nowhere, no home. */
const MAKE = `cd "$1"; mkdir bin etc
  cp /bin/busybox bin/busybox; ln -s busybox bin/sh
  printf 'root:x:0:0::/root:/bin/sh\\r\\n\\napp:x:1000:1001::' >etc/passwd
  printf 'apps:x:1001:\\nextra:x:2000:app' >etc/group
  printf '10.1.2.3 db' >etc/hosts
  ln -s /run/host/name etc/hostname; ln -s ../run/systemd/resolve/stub-resolv.conf etc/resolv.conf`;

/** What a job that is not root finds; a container runtime gives all of it. */
const LOOK = `
  [ "$(hostname)" = "$HOSTNAME" ] && [ "$(cat /etc/hostname)" = "$HOSTNAME" ] && echo named
  for name in localhost "$HOSTNAME" db; do
    ping -c 1 -W 1 "$name" 2>/dev/null | sed -n "1s/.* (\\(.*\\)).*/\\1/p"
  done
  ping -6 -c 1 -W 1 localhost 2>/dev/null | sed -n "1s/.* (\\(.*\\)).*/\\1/p"
  grep -c . /etc/resolv.conf; readlink /etc/mtab
  (id -u; id -G) 2>/dev/null; echo "$HOME"; pwd; stat -c '%u:%g %a' .; umask
  ulimit -Sn; ulimit -Hn; ulimit -n 65536 && ulimit -Sn
  (sysctl -n net.ipv4.ip_unprivileged_port_start)
  grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\\t0'; cat /proc/self/oom_score_adj
  for path in fd stdin stdout stderr core ptmx; do readlink /dev/$path; done
  for path in null zero full random urandom tty; do stat -c %F%a /dev/$path; done | sort -u
  for path in shm mqueue; do : >/dev/$path/x && echo $path; done
  cat </dev/stdin
  echo out >/dev/stdout
  echo err >/dev/stderr`;

const SEEN = [
  ...["named", "127.0.0.1", "127.0.0.1", "10.1.2.3", "::1", "0", "/proc/mounts"],
  ...["1000", "1001 2000", "/", "/not/there", "0:0 755", "0022", "1024", "524288", "65536", "0"],
  ...["SigBlk:", "SigIgn:", "0", "/proc/self/fd", "fd/0", "fd/1", "fd/2", "/proc/kcore", "pts/ptmx"],
  ...["character special file666", "shm", "mqueue", "fed", "out", ""],
].join("\n");

Deno.test("a job of a hand-made image finds what a container runtime gives", async (test) => {
  const folder = await emptyFolder("container");
  await shell(MAKE, folder);
  const imported = await berth(["image", "import", "container", folder, "--quiet"]);
  assertEquals(imported.code, 0, imported.stderr);

  await test.step("names that resolve, its groups, limits, devices, and its output to open again", async () => {
    const flags = ["--quiet", "--image", "container", "--user", "app", "--workdir", "/not/there", "--stdin"];
    const stdin = new TextEncoder().encode("fed\n");
    const { code, stdout, stderr } = await berth(["run", ...flags, "--", "sh", "-c", LOOK], { stdin });
    assertEquals([code, stdout, stderr], [0, SEEN, "err\n"]);
  });

  await test.step("the reason why its command can't be executed", async () => {
    const workspace = await emptyFolder("container-work");
    await Deno.writeTextFile(`${workspace}/a`, "#!/bin/sh\r\necho\r\n", { mode: 0o755 });
    const { code, stderr } = await berth(["run", "--image", "container", "--workspace", workspace, "--", "./a"]);
    assertEquals(code, 126, stderr);
    assertStringIncludes(stderr, "./a: it can't be executed: ./a has the line ends of Windows");
  });

  assertEquals((await berth(["image", "rm", "container"])).code, 0);
  assertEquals(await leftovers(), []);
});
