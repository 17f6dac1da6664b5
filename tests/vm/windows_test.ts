import { assertEquals } from "@std/assert";
import { type FrontOptions, planFront } from "../../lib/host/front.ts";
import type { Window } from "../../lib/host/windows.ts";
import { emptyFolder, SCRATCH, shell } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

const PROBE = new URL("../support/window_probe.ts", import.meta.url).pathname;
const SOURCES = PROBE.slice(0, PROBE.indexOf("/tests/"));
const OPTIONS = {
  ...{ args: [], stateDir: `${SCRATCH}/probe-state`, windows: [], env: {}, isRoot: true },
  shown: [Deno.execPath(), SOURCES],
};

/** The command line of a host process that a child of this one becomes. */
function front(change: Pick<FrontOptions, "self"> & Partial<FrontOptions>, pid = Deno.pid): string[] {
  return [...planFront({ ...OPTIONS, ...change }, pid)];
}

Deno.test("the host process does not begin when its front process has ended before it was tied to that", async () => {
  const run = async (pid: number) => {
    const [command, ...args] = front({ self: ["sh", "-c", "echo started"] }, pid);
    const { code, stdout } = await new Deno.Command("sh", { args: ["-c", 'exec "$@"', "sh", command, ...args] })
      .output();
    return [code, new TextDecoder().decode(stdout)];
  };
  assertEquals([await run(Deno.pid), await run(1)], [[0, "started\n"], [143, ""]]);
});

Deno.test("the host process has nothing open but the standard three, whatever its caller has", async () => {
  const self = ["sh", "-c", "for file in /proc/self/fd/*; do if [ -e $file ]; then echo ${file##*/}; fi; done"];
  const open = `exec 3</etc 9</etc/shadow && exec busybox sh -c 'exec 10</etc 251</etc/shadow && exec "$@"' sh "$@"`;
  assertEquals(await shell(open, ...front({ self })), "0\n1\n2\n");
});

Deno.test("the host process has a way to the descriptor that its caller names, and nothing of its own there", async () => {
  const list = "for file in /proc/self/fd/*; do if [ -e $file ]; then echo ${file##*/}; fi; done";
  const say =
    `exec 8</run/berth/self/events.end && (exec 8<&- >/run/berth/self/events; echo first; ${list}; echo last) &&
    cat <&8 && echo end`;
  for (const number of [3, 7, 251]) {
    const target = "/run/berth/self/events";
    const windows: Window[] = [{ mode: "descriptor", target, source: String(number) }];
    const [command, ...args] = front({ self: ["sh", "-c", say], windows });
    const open = `exec 4</etc 9</etc/shadow && exec busybox sh -c 'exec 10</etc ${number}>&1 && exec "$@"' sh "$@"`;
    assertEquals(await shell(open, command, ...args), "first\n0\n1\n2\nlast\nend\n", `${number}`);
  }
});

/** All that there may be of the host. What a host does not have is not there, and what leads to programs is. */
const OF_THE_HOST = new Set([
  ...["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/proc", "/tmp", "/var/tmp", "/run/mount"],
  ...["null", "zero", "full", "random", "urandom", "tty", "kvm", "shm", "fd", "stdin", "stdout", "stderr"].map((name) =>
    `/dev/${name}`
  ),
  ...["alternatives", "apt", "dpkg", "ssl", "pki", "ca-certificates", "crypto-policies", "containers"].map((name) =>
    `/etc/${name}`
  ),
  ...["passwd", "group", "nsswitch.conf", "hosts", "host.conf", "gai.conf", "services", "protocols", "resolv.conf"].map(
    (name) => `/etc/${name}`,
  ),
  ...["/etc/ld.so.cache", "/etc/mke2fs.conf", "/etc/berth", "/var/lib/apt", "/var/lib/dpkg", "/var/cache/apt"],
  "/run/berth/self",
]);

Deno.test("the host process lives in a root of its own, with programs, windows, and nothing else of the host", async () => {
  const list = "for folder in '' /dev /etc /run /run/berth /var /var/lib /var/cache; do ls -d $folder/*; done; pwd";
  // Where the programs of this test are, only they are.
  const programs = OPTIONS.shown.map((path) => `/${path.split("/")[1]}`);
  const folders = ["/dev", "/etc", "/run", "/run/berth", "/var", "/var/lib", "/var/cache", "/"];
  const seen = (await shell('exec "$@"', ...front({ self: ["sh", "-c", list] }))).trim().split("\n");
  assertEquals(
    seen.filter((path) => !OF_THE_HOST.has(path) && !folders.includes(path) && !programs.includes(path)),
    [],
  );
  for (const path of ["/usr", "/dev/null", "/etc/passwd", "/run/berth/self"]) assertEquals(seen.includes(path), true);
});

Deno.test("a link in a window leads nowhere: not to the host, not to another window, not by /proc", async () => {
  const folder = await emptyFolder("linked");
  await shell(
    `cd "$1"; echo own >file; mkdir tree; ln -s file near; ln -s /etc/shadow host; ln -s /proc/1/root/etc/shadow process
     ln -s /run/berth/self/state/secret window; ln -s / tree/root; mkdir -p "$2"; echo other >"$2/secret"`,
    folder,
    OPTIONS.stateDir,
  );
  const window = (mode: Window["mode"]): Window => ({ mode, target: "/run/berth/self/image", source: folder });
  const script = `cd /run/berth/self/image; [ ! -e /etc/shadow ] && ls -A /host /home 2>/dev/null
    for path in file near host process window tree/root/etc/passwd; do
      cat $path >/dev/null 2>&1 && echo "$path is read"; cp $path /tmp/copy 2>/dev/null && echo "$path is copied"
    done; true`;
  for (const mode of ["ro", "folder", "optional"] as const) {
    const said = await shell('exec "$@"', ...front({ self: ["sh", "-c", script], windows: [window(mode)] }));
    assertEquals(said, "file is read\nfile is copied\n", mode);
  }
  // What an import reads may have links of its own: they lead nowhere but into its own root.
  const said = await shell('exec "$@"', ...front({ self: ["sh", "-c", script], windows: [window("linked")] }));
  assertEquals(said.includes("near is read") && !said.includes("host is read"), true, said);
});

Deno.test("the host process is refused everything but its windows", async () => {
  const self = [Deno.execPath(), "run", "-q", "--no-prompt", "--permission-set=berth", PROBE];
  const output = await shell(`HOME=$1 && shift && export HOME && exec "$@"`, "/root", ...front({ self }));
  const seen = Object.fromEntries(output.trim().split("\n").map((line) => line.split(": ")));
  const allowed = Object.entries(seen).filter(([_, result]) => result === "allowed").map(([what]) => what);
  assertEquals(allowed, ["read /run/berth/self/host/boot_id", "write /run/berth/self/x"]);
  const refused = Object.entries(seen).filter(([_, result]) => result !== "allowed");
  assertEquals(refused.map(([_, result]) => result), refused.map(() => "NotCapable"), output);
  assertEquals(refused.length, 16);
});
