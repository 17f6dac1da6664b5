// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../../lib/base/errors.ts";
import {
  explainTool,
  planCommand,
  planCopy,
  planPackFolder,
  planPackTar,
  planTakeMember,
  planToolMemory,
  planUnpack,
  planUnpackImage,
  planUnpackTar,
  runImportTool,
} from "../../../../lib/image/import/tools.ts";
import { runTool } from "../../../../lib/process/tool.ts";

const WORK = "/s/.work-x/tools";
const JAIL = { user: 200_000, filters: { plain: "/f/plain", nodes: "/f/nodes", network: "/f/network" } };
const JAILED = { jail: JAIL, memoryMaxBytes: 4 * 1024 ** 3 };
const FREE = { memoryMaxBytes: JAILED.memoryMaxBytes };

Deno.test("the tools' command lines are these", () => {
  const lines = [
    planPackTar({ image: `${WORK}/r` }, WORK, JAILED),
    planPackFolder("/source", `${WORK}/r`, WORK, JAILED),
    planUnpack("zstd", JAILED),
    planUnpack("gzip", JAILED),
    planUnpack("xz", JAILED),
    planUnpackImage({ layout: `${WORK}/l`, folder: `${WORK}/root`, toolsFolder: WORK, keepsOwners: false }),
  ].map(({ argv }) => argv.join(" "));
  assertEquals(lines, [
    "sqfstar -no-progress -quiet -comp lz4 -Xhc -mkfs-time 0 -mem 1024M -root-mode 755 -root-time 0 /s/.work-x/tools/r",
    "mksquashfs /source /s/.work-x/tools/r -no-progress -quiet -comp lz4 -Xhc -mkfs-time 0 -mem 1024M -exit-on-error",
    "zstd -dc -T0",
    "gzip -dc",
    "xz -dc -T0 --memlimit=2147483648",
    "umoci raw unpack --rootless --image /s/.work-x/tools/l:berth /s/.work-x/tools/root",
  ]);
});

Deno.test("no tool but the one that fetches from a registry has a network", () => {
  const copy = { from: "oci:/source", layout: `${WORK}/l`, readOnly: ["/source"], toolsFolder: WORK };
  const isAlone = ({ args }: { args: string[] }) =>
    args.includes("--unshare-net") || (args.includes("--unshare-all") && !args.includes("--share-net"));
  const nets = [planCopy(copy), planCopy({ ...copy, proxies: {} }), planPackTar({ image: "r" }, WORK, JAILED)].map((
    plan,
  ) => isAlone(planCommand(plan, JAILED)));
  assertEquals(nets, [true, false, true]);
});

Deno.test("what fetches from a registry may not read the host's files", () => {
  const copy = { from: "docker://a/b", layout: `${WORK}/l`, readOnly: [], toolsFolder: WORK, proxies: {} };
  assertEquals(planCommand(planCopy(copy), JAILED).args.includes("CAP_DAC_READ_SEARCH"), false);
});

Deno.test("a tool may write into the work folder only, and reads its source only", () => {
  const { command, args } = planCommand(planPackFolder("/source", `${WORK}/r`, WORK, JAILED), JAILED);
  const bound = (option: string) => args.filter((_, index) => args[index - 1] === option);
  assertEquals([command, bound("--bind")], ["sh", [WORK]]);
  assertEquals(bound("--ro-bind"), ["/usr", "/source"]);
  // The first three are for becoming its user, who has the last one only.
  assertEquals(bound("--cap-add"), ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_DAC_READ_SEARCH"]);
  assertEquals(
    args.filter((word) => word.includes("-caps=")),
    ["--inh-caps", "--ambient-caps"].map((option) => `${option}=-all,+dac_read_search`),
  );
});

Deno.test("every tool is a user behind a filter, but for the one that keeps owners; nodes and the network are for who can't do without", () => {
  const unpack = planUnpackImage({ layout: "/l", folder: "/r", toolsFolder: WORK, keepsOwners: true });
  const copy = { from: "docker://a/b", layout: `${WORK}/l`, readOnly: [], toolsFolder: WORK };
  const plans = [unpack, planCopy(copy), planCopy({ ...copy, proxies: {} }), planPackTar({ image: "r" }, WORK, JAILED)];
  const more = [
    planPackFolder("/s", "r", WORK, JAILED),
    planUnpack("xz", JAILED),
    planTakeMember("m"),
    planUnpackTar("/f"),
  ];
  const kept = [...plans, ...more].map((plan) => {
    const { args } = planCommand(plan, JAILED);
    return [args.find((word) => word.startsWith("/f/")), args.includes("--reuid") && args[args.indexOf("--reuid") + 1]];
  });
  const names = ["nodes", "plain", "network", "plain", "plain", "plain", "plain", "plain"];
  // What makes nodes also makes folders that no layer names: they are root's.
  assertEquals(kept, names.map((name) => [`/f/${name}`, name === "nodes" ? false : "200000"]));
});

Deno.test("the umask of who imports decides about nothing", async () => {
  const plan = { argv: ["sh", "-c", "umask"], readOnly: [], writable: [] };
  const { command, args } = planCommand(plan, FREE);
  const said = await runTool({ command: "sh", args: ["-c", 'umask 077; exec "$@"', "sh", command, ...args] });
  assertEquals(said, "0022\n");
});

Deno.test("a proxy's password stands on no command line", () => {
  const proxies = { https_proxy: "http://me:secret@proxy" };
  const plan = planCopy({ from: "docker://a/b", layout: "/w/l", readOnly: [], toolsFolder: "/w", proxies });
  for (const bounds of [JAILED, FREE]) {
    const { args, env } = planCommand(plan, bounds);
    assertEquals(env, { TMPDIR: "/w", HOME: "/w", ...proxies });
    assertEquals(args.filter((word) => word.includes("secret")), []);
  }
});

Deno.test("a tool without a jail ends with its parent, as one in a jail does", async () => {
  const plan = { argv: ["setpriv", "--dump"], readOnly: [], writable: [] };
  const { signal } = new AbortController();
  const said = await runImportTool(plan, { bounds: FREE, where: "f", signal });
  assertMatch(said, /^Parent death signal: kill$/im);
});

Deno.test("planToolMemory() is half of what there is, and never less than tools need", () => {
  assertEquals([planToolMemory(8 * 1024 ** 3), planToolMemory(0)], [4 * 1024 ** 3, 1024 ** 3]);
});

Deno.test("a tool may take so much memory and no more, and the words say so", async () => {
  const bounds = { memoryMaxBytes: 64 * 1024 ** 2 };
  const { signal } = new AbortController();
  const run = (script: string) =>
    runImportTool({ argv: ["sh", "-c", script], readOnly: [], writable: [] }, { bounds, where: "f", signal });
  assertEquals(await run("ulimit -d; ulimit -H -d"), "65536\n65536\n");
  // A line without an end, which tail keeps to know where it begins.
  const error = await assertRejects(() => run("head -c 200000000 /dev/zero | tail -n 1 >/dev/null"), BerthError);
  const words = "f: sh needs more memory for it than the 64 MiB that it may take";
  assertEquals([error.code, error.message], ["host.memory", words]);
});

Deno.test("a fetch from a registry has a deadline, and what is on this host has none", () => {
  const copy = { from: "docker://a/b", layout: `${WORK}/l`, readOnly: [], toolsFolder: WORK };
  const deadlines = [planCopy({ ...copy, proxies: {} }), planCopy(copy)].map(({ argv }) =>
    argv.join(" ").match(/--command-timeout \S+/)?.[0]
  );
  assertEquals(deadlines, ["--command-timeout 1h", undefined]);
});

for (
  const [tool, code, words, wanted, message] of [
    ["umoci", 1, "a\nwrite: No space left on device\n", "host.disk-full", "importing f: no space left on the disk"],
    ["umoci", 1, "bwrap: execvp umoci: No such file or directory", "host.program-missing", undefined],
    ["umoci", 127, "berth-tied: 1: exec: umoci: not found", "host.program-missing", undefined],
    ["umoci", 139, "", "image.import", "f: umoci was brought down by it (signal 11)"],
    ["umoci", 1, "one\ntwo\nthree\n\x1b[2Jfour\n", "image.import", "f: umoci refuses it: two three  [2Jfour"],
    ["umoci", 1, "", "image.import", "f: umoci refuses it: it failed without a word"],
    ["sqfstar", 1, "FATAL ERROR: Out of memory (create_dir_entry)", "host.memory", undefined],
    ["umoci", 2, "fatal error: runtime: cannot allocate memory", "host.memory", undefined],
    ["xz", 1, "xz: x: Memory usage limit reached", "host.memory", undefined],
    ["zstd", 1, "Allocation error : not enough memory", "host.memory", undefined],
    [
      ...["skopeo", 1, 'msg="initializing source docker://a/b: Get \\"http://a/v2/\\": context deadline exceeded"'],
      ...["wait.deadline", "f: waited an hour for the registry"],
    ],
    [
      ...["skopeo", 1, "Get: context deadline exceeded (Client.Timeout exceeded while awaiting headers)"],
      ...["image.import", undefined],
    ],
  ] as [string, number, string, ErrorCode, string | undefined][]
) {
  Deno.test(`explainTool() makes ${wanted} of ${tool}'s status ${code} and ${JSON.stringify(words)}`, () => {
    const error = explainTool({ tool, code, words }, "f", JAILED);
    assertEquals([error.code, message ?? error.message], [wanted, error.message]);
  });
}
