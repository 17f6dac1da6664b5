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
  const nets = [planCopy(copy), planCopy({ ...copy, proxies: {} }), planPackTar("r", WORK)].map((plan) =>
    planCommand(plan, true).args.includes("--unshare-net") || planCommand(plan, true).args.includes("--unshare-all")
  );
  assertEquals(nets, [true, false, true]);
});

Deno.test("a tool may write into the work folder only, and reads its source only", () => {
  const { command, args, env } = planCommand(planPackFolder("/source", `${WORK}/r`, WORK), true);
  const bound = (option: string) => args.filter((_, index) => args[index - 1] === option);
  assertEquals([command, bound("--bind"), env], ["setsid", [WORK], {}]);
  assertEquals(bound("--ro-bind"), ["/usr", "/source"]);
  assertEquals(bound("--cap-add"), ["CAP_DAC_READ_SEARCH"]);
});

Deno.test("without a jail a tool has its own environment", () => {
  const plan = planCopy({ from: "oci:/s", layout: "/w/l", readOnly: [], workFolder: "/w", proxies: { no_proxy: "x" } });
  const { command, args, env } = planCommand(plan, false);
  assertEquals([command, args[0], env], ["setsid", "skopeo", { TMPDIR: "/w", HOME: "/w", no_proxy: "x" }]);
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
