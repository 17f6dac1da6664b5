// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { INPUT_FD, planLaunch } from "../../../lib/process/launch.ts";
import { planBubble } from "../../../lib/process/jail.ts";
import { LEAD } from "../../../lib/process/tie_to_parent.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";

const CHECK = '[ "$PPID" = "$1" ] && shift';
const NO_LAUNCH = await programsMissing("setsid", "setpriv", "busybox");

Deno.test("planLaunch() opens a program's input behind its limits, and before the jail's filter", () => {
  const jail = { readOnly: [], writable: [], cwd: "/", filter: "/f" };
  const { args } = planLaunch({ jail, input: "/a state", argv: ["qemu"] }, 4711);
  const script = `${CHECK} && exec 8<"$1" && shift && exec 9<"$1" && shift && ${LEAD}`;
  assertEquals(args.slice(args.indexOf(script)), [
    ...[script, "berth-launch", "4711", "/a state", "/f", ...planBubble(jail), "qemu"],
  ]);
});

testNeeding(NO_LAUNCH, "a launched program reads its input, and can't write to it", async () => {
  await using folder = await temporaryFolder();
  const input = `${folder.path}/its "state" $1`;
  await Deno.writeTextFile(input, "a state");
  const reads = `cat <&${INPUT_FD}; { echo more >&${INPUT_FD}; } 2>/dev/null || echo " is only read"`;
  const { command, args } = planLaunch({ input, argv: ["sh", "-c", reads] });
  const { success, stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
  assertEquals([success, new TextDecoder().decode(stdout)], [true, "a state is only read\n"]);
  assertEquals(await Deno.readTextFile(input), "a state");
});

testNeeding(NO_LAUNCH, "a program whose input is not there is not launched", async () => {
  await using folder = await temporaryFolder();
  const { command, args } = planLaunch({ input: `${folder.path}/none`, argv: ["echo", "started"] });
  const { success, stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
  assertEquals([success, stdout.length], [false, 0]);
});
