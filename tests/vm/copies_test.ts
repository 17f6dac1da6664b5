import { JOB_SANDBOX } from "../../lib/host/systemd/sandbox.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { berth, emptyFolder, leftovers, SCRATCH, shell } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** What is odd about a checkout, and belongs to the user 1001. */
const MAKE = `cd "$1"; echo x >file; touch -d @4102444800.123456789 late; : >"$(printf 'caf\\351')"
  perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "sock", Listen => 1) or die'
  mkdir mounted; truncate -s 64M hole; chown -R 1001:1002 .; chmod 2770 .`;
/** 24 folders of 200 letters each, one in the other: deeper than a path can tell, so that it takes two. */
const DEEP = `n=$(printf 'd%.0s' $(seq 200)); p=$n; for i in $(seq 11); do p=$p/$n; done
  mkdir -p deep/$p other/$p; mv other deep/$p`;

Deno.test("copies keep the folder itself, what is mounted in it, times and names; what they can't keep is named", async () => {
  const [workspace, volume, out] = [await emptyFolder("copied"), await emptyFolder("volume"), await emptyFolder("out")];
  for (const folder of [workspace, volume]) await shell(MAKE, folder);
  await shell('chown 1234:5678 "$1"', out);
  const wrapper = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs t "$1" && : >"$1/inside" && shift && exec "$@"', "sh"];
  const job = `stat -c '%u:%g %a' /workspace /volume; ls mounted; touch made /volume/made && stat -c '%Y %a' late
    (${DEEP})`;
  const args = [
    ...["run", "--workspace", workspace, "--volume", `${volume}:/volume`, "--user", "1001:1002"],
    ...["--artifact", `/workspace=${out}`, "--", "sh", "-ec", job],
  ];
  const { code, stdout, stderr } = await berth(args, { wrapper: [...wrapper, `${workspace}/mounted`] });
  assertEquals([code, stdout], [0, "1001:1002 2770\n1001:1002 2770\ninside\n4102444800 644\n"], stderr);
  assertStringIncludes(stderr, "berth: artifact: left out sock: it is a socket\n");
  assertEquals(/left out deep\/(d+\/?)+\.\.\.: File name too long/.test(stderr), true, stderr);
  const script = 'cd "$1"; stat -c "%u:%g" file made; cat file; ls -b | tr "\\n" " "; find deep -type d | wc -l';
  assertEquals(
    await shell(script, out),
    "1234:5678\n1234:5678\nx\ncaf\\351 deep file hole late made mounted 22\n",
  );
  assertEquals(await leftovers(), []);
});

Deno.test("root with the capabilities of berth's unit, and no other, copies a folder in and artifacts out", async () => {
  const place = await emptyFolder("copies-as-unit");
  await shell('mkdir "$1/in"; echo given >"$1/in/file"; chmod 700 "$1/in"; chown -R 1234 "$1/in"', place);
  const kept = [...JOB_SANDBOX.matchAll(/CAP_(\w+)/g)].map(([, name]) => `+${name.toLowerCase()}`);
  const wrapper = ["setpriv", "--bounding-set", ["-all", ...kept].join(","), "--inh-caps=-all"];
  const flags = ["--workspace", `${place}/in`, "--artifact", `/workspace=${place}/out`];
  const { code, stderr } = await berth(["run", "--quiet", ...flags, "--", "sh", "-c", "cat file >made"], { wrapper });
  assertEquals(code, 0, stderr);
  assertEquals(await shell('cat "$1/out/file" "$1/out/made"', place), "given\ngiven\n");
});
