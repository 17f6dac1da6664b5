// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { AGENT_FILES } from "../../../lib/guest/agent_files.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";

const PASSWD = `root:x:0:0:root:/root:/bin/sh
app:x:1000:1001:App:/home/app:/bin/sh
nohome:x:1002:1002:::
1000:x:3000:3000::/number:
`;
const GROUP = "root:x:0:\napps:x:1001:\nextra:x:2000:other,app\nmore:x:3000:app\nwrong:x:4000:application\n";

const noBusybox = await programsMissing("busybox");

/** What the agent makes of a user: its ids and groups, and its home; or what is wrong. Absent files are empty ones. */
async function identify(user: string, passwd?: string, group?: string): Promise<string[]> {
  await using folder = await temporaryFolder();
  const paths = await Promise.all(
    Object.entries({ passwd, group }).map(async ([name, text]) => {
      if (text === undefined) return "/dev/null";
      await Deno.writeTextFile(`${folder.path}/${name}`, text);
      return `${folder.path}/${name}`;
    }),
  );
  await Deno.writeTextFile(`${folder.path}/identity.sh`, AGENT_FILES["berth/identity.sh"]);
  const script = '. "$1/identity.sh"; export user=$4; identify "$2" "$3"';
  const command = new Deno.Command("busybox", { args: ["sh", "-c", script, "sh", folder.path, ...paths, user] });
  const { stdout, stderr } = await command.output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).trimEnd().split("\n");
}

const CRLF = PASSWD.replaceAll("\n", "\r\n");
/** By hand, and by tools that do their worst. */
const ODD = `# app:x:1:1::/commented:\n\n  \napp\napp:x\napp:x:none:1::/words:\n+::::::\n  app:x:1000:1001::/first:
app:x:5:5::/second:`;

const CASES: [what: string, user: string, passwd: string | undefined, group: string | undefined, is: string[]][] = [
  ["nobody given is root, with its groups", "", PASSWD, "disk:x:6:root,x\nroot:x:0:", ["0 0 6", "/root"]],
  ["a name has the groups that list it, and no other", "app", PASSWD, GROUP, ["1000 1001 2000 3000", "/home/app"]],
  ["a number is its user, whose name may not look like it", "1000", PASSWD, GROUP, [
    "1000 1001 2000 3000",
    "/home/app",
  ]],
  ["a group that is given is the only one", "app:extra", PASSWD, GROUP, ["1000 2000", "/home/app"]],
  ["a group's number need not be known", "app:77", PASSWD, GROUP, ["1000 77", "/home/app"]],
  ["a group without a user is root's", ":2000", PASSWD, GROUP, ["0 2000", "/root"]],
  ["an empty group is none", "app:", PASSWD, GROUP, ["1000 1001 2000 3000", "/home/app"]],
  ["an unknown number is in root's group, as Docker has it", "4242", PASSWD, GROUP, ["4242 0"]],
  ["an empty home is none", "nohome", PASSWD, GROUP, ["1002 1002"]],
  ["without files a number is one all the same", "65532:65532", undefined, undefined, ["65532 65532"]],
  ["without files there is root", "", undefined, undefined, ["0 0"]],
  ["line ends of Windows", "app", CRLF, GROUP.replaceAll("\n", "\r\n"), ["1000 1001 2000 3000", "/home/app"]],
  ["the last line counts without its end", "app", "app:x:7:8::/last", "g:x:9:app", ["7 8 9", "/last"]],
  ["comments, blank and broken lines are none; the first entry counts", "app", ODD, undefined, ["1000 1001", "/first"]],
  ["a group that lists a user twice, twice", "app", PASSWD, "a:x:5:app,app\nb:x:5:app\n", ["1000 1001 5", "/home/app"]],
  ["numbers with zeros in front", "01000", "app:x:01000:007::/h:", undefined, ["1000 7", "/h"]],
  ["a number too large in a file is no entry", "app", "app:x:4294967295:1::/:\n", undefined, [
    "no such user in the image",
  ]],
  ["an unknown name", "nobody", PASSWD, GROUP, ["no such user in the image"]],
  ["an unknown group", "app:none", PASSWD, GROUP, ["no such group in the image"]],
  ["a backslash, which is no escape", "a\\160p", PASSWD, GROUP, ["no such user in the image"]],
  ["a number with more to it", "1e3", PASSWD, GROUP, ["no such user in the image"]],
  ["numbers out of range", "2147483648", PASSWD, GROUP, ["numbers go from 0 to 2147483647"]],
  ["groups out of range", "0:4294967294", PASSWD, GROUP, ["numbers go from 0 to 2147483647"]],
  ["the largest", "2147483647:2147483647", PASSWD, GROUP, ["2147483647 2147483647"]],
];
for (const [what, user, passwd, group, is] of CASES) {
  testNeeding(noBusybox, `identify(): ${what}`, async () => {
    assertEquals(await identify(user, passwd, group), is);
  });
}

testNeeding(noBusybox, "identify() finds the last of 100,000 users, in the last of as many groups", async () => {
  const numbers = Array.from({ length: 100_000 }, (_, index) => index + 1000);
  const passwd = numbers.map((id) => `u${id}:x:${id}:${id}::/home/u${id}:/bin/sh\n`).join("");
  const group = numbers.map((id) => `g${id}:x:${id}:u${id}\n`).join("");
  assertEquals(await identify("u100999", passwd, group), ["100999 100999 100999", "/home/u100999"]);
});
