// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import {
  explainTool,
  planCommand,
  planCopy,
  planPackFolder,
  planPackTar,
  planUnpack,
  planUnpackImage,
} from "../../../../lib/image/import/tools.ts";

const WORK = "/s/.work-x";

Deno.test("the tools' command lines are these", () => {
  const lines = [
    planPackTar(`${WORK}/r`, WORK),
    planPackFolder("/source", `${WORK}/r`, WORK),
    planUnpack("zstd", "/source"),
    planUnpack("gzip", "/source"),
    planUnpackImage({ layout: `${WORK}/l`, folder: `${WORK}/root`, workFolder: WORK, keepsOwners: false }),
  ].map(({ argv }) => argv.join(" "));
  assertEquals(lines, [
    "sqfstar -no-progress -quiet -comp lz4 -Xhc /s/.work-x/r",
    "mksquashfs /source /s/.work-x/r -no-progress -quiet -comp lz4 -Xhc -exit-on-error",
    "zstd -dc -T0 -- /source",
    "gzip -dc -- /source",
    "umoci raw unpack --rootless --image /s/.work-x/l:berth /s/.work-x/root",
  ]);
});

Deno.test("no tool but the one that fetches from a registry has a network", () => {
  const copy = { from: "oci:/source", layout: `${WORK}/l`, readOnly: ["/source"], workFolder: WORK };
  const isAlone = ({ args }: { args: string[] }) =>
    args.includes("--unshare-net") || (args.includes("--unshare-all") && !args.includes("--share-net"));
  const nets = [planCopy(copy), planCopy({ ...copy, proxies: {} }), planPackTar("r", WORK)].map((plan) =>
    isAlone(planCommand(plan, true))
  );
  assertEquals(nets, [true, false, true]);
});

Deno.test("what fetches from a registry may not read the host's files", () => {
  const copy = { from: "docker://a/b", layout: `${WORK}/l`, readOnly: [], workFolder: WORK, proxies: {} };
  assertEquals(planCommand(planCopy(copy), true).args.includes("--cap-add"), false);
});

Deno.test("a tool may write into the work folder only, and reads its source only", () => {
  const { command, args } = planCommand(planPackFolder("/source", `${WORK}/r`, WORK), true);
  const bound = (option: string) => args.filter((_, index) => args[index - 1] === option);
  assertEquals([command, bound("--bind")], ["setsid", [WORK]]);
  assertEquals(bound("--ro-bind"), ["/usr", "/source"]);
  assertEquals(bound("--cap-add"), ["CAP_DAC_READ_SEARCH"]);
});

Deno.test("a proxy's password stands on no command line", () => {
  const proxies = { https_proxy: "http://me:secret@proxy" };
  const plan = planCopy({ from: "docker://a/b", layout: "/w/l", readOnly: [], workFolder: "/w", proxies });
  for (const jailed of [true, false]) {
    const { args, env } = planCommand(plan, jailed);
    assertEquals(env, { TMPDIR: "/w", HOME: "/w", ...proxies });
    assertEquals(args.filter((word) => word.includes("secret")), []);
  }
});

for (
  const [code, stderr, wanted, message] of [
    [1, "a\nwrite: No space left on device\n", "host.disk-full", "importing f: no space left on the disk"],
    [1, "bwrap: execvp umoci: No such file or directory", "host.program-missing", undefined],
    [127, "setsid: failed to execute umoci: No such file or directory", "host.program-missing", undefined],
    [139, "", "image.import", "f: umoci was brought down by it (signal 11)"],
    [1, "one\ntwo\nthree\n\x1b[2Jfour\n", "image.import", "f: umoci refuses it: two three  [2Jfour"],
    [1, "", "image.import", "f: umoci refuses it: it failed without a word"],
  ] as const
) {
  Deno.test(`explainTool() makes ${wanted} of status ${code} and ${JSON.stringify(stderr)}`, () => {
    const error = explainTool("umoci", code, stderr, "f");
    assertEquals([error.code, message ?? error.message], [wanted, error.message]);
  });
}
