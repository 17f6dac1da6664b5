// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { jailMissing, testNeeding } from "../../../support/require.ts";

const POSTRM = new URL("../../../../scripts/deb/postrm.sh", import.meta.url).pathname;
const RUN = ["/run/berth", "/run/berth-users", "/run/berth-users/1900000000"];
/** Where `systemctl enable` makes a link; and folders that are somebody else's. */
const ENABLED = "/etc/systemd/system/multi-user.target.wants/berth.service";
const OTHERS = [
  ...["/etc/other", "/etc/systemd", "/etc/systemd/system", "/etc/systemd/system/multi-user.target.wants"],
  "/var/lib/other",
];
const PLACES = [ENABLED, "/etc/berth", "/etc/berth/config.json", "/var/lib/berth", "/var/lib/berth/images", ...RUN];

/** What is left when the package is gone, and the script's status; in a jail with folders of its own. */
async function remove(how: string, before = "true"): Promise<{ left: string[]; code: number }> {
  const script = `
    mkdir -p /etc/berth /var/lib/berth/images /run/berth /run/berth-users /etc/other /var/lib/other
    mkdir -p ${ENABLED.slice(0, ENABLED.lastIndexOf("/"))}
    ln -s /usr/lib/systemd/system/berth.service ${ENABLED}
    touch /etc/berth/config.json /run/berth-users/1900000000
    job=
    ${before}
    status=0
    sh "$1" "$2" >/dev/null 2>/dev/null || status=$?
    [ -z "$job" ] || kill "$job"
    rm -rf /run/mount # of mount itself
    find /etc /var/lib /run -mindepth 1
    exit $status`;
  const own = ["/etc", "/var/lib", "/run"].flatMap((path) => ["--tmpfs", path]);
  const jail = ["--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", ...own];
  const args = [...jail, "--cap-add", "CAP_SYS_ADMIN", "sh", "-ec", script, "sh", POSTRM, how];
  const { code, stdout, stderr } = await new Deno.Command("bwrap", { args }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  const left = new TextDecoder().decode(stdout).trim().split("\n");
  assertEquals(OTHERS.filter((path) => !left.includes(path)), []);
  return { left: left.filter((path) => !OTHERS.includes(path)).toSorted(), code };
}

const noJail = await jailMissing();

for (const how of ["remove", "upgrade", "failed-upgrade", "abort-install", "disappear"]) {
  testNeeding(noJail, `postrm ${how} leaves what berth has, and what it was told`, async () => {
    assertEquals(await remove(how), { left: PLACES.toSorted(), code: 0 });
  });
}

testNeeding(noJail, "postrm purge leaves nothing", async () => {
  assertEquals(await remove("purge"), { left: [], code: 0 });
});

testNeeding(noJail, "postrm purge leaves nothing but /var/lib/berth, when that has a file .keep", async () => {
  const { left, code } = await remove("purge", "touch /var/lib/berth/.keep");
  assertEquals({ left, code }, { left: ["/var/lib/berth", "/var/lib/berth/.keep", "/var/lib/berth/images"], code: 0 });
});

testNeeding(noJail, "postrm purge leaves a unit alone that is the operator's own", async () => {
  const { left } = await remove("purge", `ln -sf /etc/systemd/system/berth.service ${ENABLED}`);
  assertEquals(left, [ENABLED]);
});

testNeeding(noJail, "postrm purge is content when there is nothing", async () => {
  assertEquals(await remove("purge", `rm -r /etc/berth /var/lib/berth /run/berth* ${ENABLED}`), { left: [], code: 0 });
});

testNeeding(noJail, "postrm purge refuses, and touches nothing, while a berth has its windows open", async () => {
  const open = "mount -t tmpfs berth /run/berth && : >/etc/other/open && exec sleep 60";
  const job = `unshare --mount sh -c '${open}' & job=$!; until [ -e /etc/other/open ]; do :; done; rm /etc/other/open`;
  assertEquals(await remove("purge", job), { left: PLACES.toSorted(), code: 1 });
});
