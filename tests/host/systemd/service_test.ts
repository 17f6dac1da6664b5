/**
 * berth as a service of systemd's, with the compiled binary: the units as `berth systemd install` writes them.
 *
 * @module
 */

import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { shell, sourceCommandLine } from "../../support/berth.ts";
import { testNeeding } from "../../support/require.ts";
import {
  awaitProperty,
  call,
  DAEMON,
  describeJob,
  dropIn,
  install,
  leaveJob,
  problem,
  serviceTest,
  show,
  STATE,
  uninstall,
  UNITS,
} from "../../support/host/services.ts";

testNeeding(
  problem,
  "berth systemd install: the units are right, are written anew, and never over somebody's changes",
  async () => {
    try {
      const first = await call(["systemd", "install"]);
      assertEquals(first.code, 0, first.stderr);
      assertStringIncludes(first.stderr, `berth: wrote ${UNITS}/berth.service\n`);
      assertStringIncludes(first.stderr, "systemctl enable berth.service");
      // It warns of what it does not know, and of programs that are not there.
      assertEquals(
        await shell('systemd-analyze verify --man=no "$1/berth.service" "$1/berth-run@.service" 2>&1', UNITS),
        "",
      );
      assertEquals((await call(["systemd", "install"])).code, 0);
      await shell('echo Nice=5 >>"$1/berth-run@.service"', UNITS);
      const before = await shell('cat "$1/berth.service"', UNITS);
      const refused = await call(["systemd", "install"]);
      assertEquals(refused.code, 125);
      assertStringIncludes(
        refused.stderr,
        `${UNITS}/berth-run@.service is not as berth has written it (put your changes`,
      );
      assertEquals(await shell('cat "$1/berth.service"; ls "$1" | grep new || true', UNITS), before);
    } finally {
      await uninstall();
    }
  },
);

Deno.test("berth systemd install: the sources are no binary for a unit", async () => {
  const script = 'folder=$1; shift; "$@" 2>&1 && exit 1; ls -A "$folder"; rmdir "$folder"';
  const words = await shell(script, "/run/units", ...sourceCommandLine(["systemd", "install", "--dir", "/run/units"]));
  assertMatch(words, /^berth: a unit can't run berth from its sources \(deno task compile .*\)\n$/);
});

testNeeding(problem, "berth systemd install: the services have another state folder, and berth is told", async () => {
  try {
    const { code, stderr } = await call(["systemd", "install"], { BERTH_STATE: "/srv/elsewhere" });
    assertEquals(code, 0, stderr);
    await describeJob("elsewhere", "-- true");
    await shell('systemctl daemon-reload; systemctl start "$1" berth-run@elsewhere', DAEMON);
    await awaitProperty("berth-run@elsewhere.service", "ActiveState", "inactive");
    assertEquals(await show("berth-run@elsewhere.service", "Result"), ["success"]);
    assertEquals(await show(DAEMON, "StatusText"), ["nothing was left"]);
    assertEquals(await shell("ls /srv/elsewhere"), "host.json\nimages\njobs\n");
  } finally {
    await uninstall();
    await shell("rm -rf /srv/elsewhere");
  }
});

testNeeding(problem, "the units are as closed as the topic says", async () => {
  try {
    await install();
    const scores = await shell(
      `for unit in "$1" berth-run@x.service; do
      systemd-analyze security --no-pager "$unit" | sed -n 's/.*exposure level for.*: \\([0-9.]*\\) .*/\\1/p'
    done`,
      DAEMON,
    );
    assertEquals(scores, "2.2\n4.3\n");
  } finally {
    await uninstall();
  }
});

serviceTest("berth.service: ready when the host is tidy, and TERM is its good end", async () => {
  assertEquals(await show(DAEMON, "ActiveState", "StatusText"), ["active", "nothing was left"]);
  await leaveJob();
  await shell('systemctl restart "$1"', DAEMON);
  // Type=notify: systemctl has waited for the first sweep.
  assertEquals(await shell(`ls ${STATE}/jobs`), "");
  assertEquals(await show(DAEMON, "ActiveState", "StatusText"), ["active", "removed: 1, left: 0"]);
  const [group] = await show(DAEMON, "ControlGroup");
  await shell('systemctl stop "$1"', DAEMON);
  assertEquals(await show(DAEMON, "ActiveState", "Result", "ExecMainStatus"), ["inactive", "success", "0"]);
  assertEquals(await shell('[ ! -e "/sys/fs/cgroup$1" ] || echo still there', group), "");
});

serviceTest("berth.service: reload sweeps with the configuration of by then", async (mainPid) => {
  await leaveJob();
  await shell('systemctl reload "$1"', DAEMON);
  await awaitProperty(DAEMON, "StatusText", "removed: 1, left: 0");
  await shell('mkdir -p /etc/berth && echo "{" >/etc/berth/config.json && systemctl reload "$1"', DAEMON);
  await awaitProperty(DAEMON, "StatusText", "the last sweep failed; the log says why");
  await shell('echo "{}" >/etc/berth/config.json && systemctl reload "$1"', DAEMON);
  await awaitProperty(DAEMON, "StatusText", "nothing was left");
  assertEquals(await show(DAEMON, "ActiveState", "MainPID", "NRestarts"), ["active", mainPid, "0"]);
});

serviceTest("berth.service: a configuration that is wrong at its start fails it at once, and once", async () => {
  await shell(
    'mkdir -p /etc/berth && echo "{" >/etc/berth/config.json && ! systemctl restart "$1" 2>/dev/null',
    DAEMON,
  );
  assertEquals(await show(DAEMON, "ActiveState", "ExecMainStatus", "NRestarts"), ["failed", "78", "0"]);
});

for (
  const [how, script] of [
    ["its main process is killed", 'kill -KILL "$2"'],
    ["systemctl kill --signal=KILL ends all of it", 'systemctl kill --signal=KILL "$1"'],
  ]
) {
  serviceTest(`berth.service: it is there again when ${how}`, async (mainPid) => {
    await shell(script, DAEMON, mainPid);
    await awaitProperty(DAEMON, "NRestarts", "1");
    await awaitProperty(DAEMON, "ActiveState", "active");
    assertNotEquals(await show(DAEMON, "MainPID"), [mainPid]);
  });
}

serviceTest("berth.service: systemctl kill ends it as a stop does", async () => {
  await shell('systemctl kill "$1"', DAEMON);
  await awaitProperty(DAEMON, "ActiveState", "inactive");
  assertEquals(await show(DAEMON, "Result", "NRestarts"), ["success", "0"]);
});

serviceTest("berth.service: the watchdog is fed, and one that stands still is started anew", async () => {
  await dropIn(DAEMON, "WatchdogSec=6");
  await shell('systemctl restart "$1"', DAEMON);
  const [mainPid] = await show(DAEMON, "MainPID");
  await shell("sleep 13");
  assertEquals(await show(DAEMON, "ActiveState", "MainPID", "NRestarts"), ["active", mainPid, "0"]);
  await shell('kill -STOP "$1"', mainPid);
  await awaitProperty(DAEMON, "NRestarts", "1");
  await awaitProperty(DAEMON, "ActiveState", "active");
  assertMatch(await shell('journalctl -q --no-pager -o cat -u "$1"', DAEMON), /Watchdog timeout/);
});
