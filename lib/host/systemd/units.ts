/**
 * The units of systemd that berth has. Pure.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { BerthError } from "../../base/errors.ts";
import { DAEMON_SANDBOX, JOB_SANDBOX } from "./sandbox.ts";

/** File of a unit. */
export interface Unit {
  readonly name: string;
  readonly text: string;
}

/** Paths and systemd version that the units are for. */
export interface UnitPlan {
  /** The path of the berth that they run. */
  readonly binary: string;
  /** The host's systemd, as in 252. */
  readonly systemd: number;
  /** Where jobs and images are. */
  readonly stateDir: string;
}

/** The first systemd that can put a service's own processes into a group below the service's. */
const DELEGATE_SUBGROUP = 254;

/** The first systemd that can keep a service's log apart from the host's. */
const LOG_NAMESPACE = 245;

/** Where systemd makes the folder that `StateDirectory=berth` names. */
const STATE_FOLDER = "/var/lib/berth";

/** Absolute, normalized, and neither split nor expanded, wherever it stands in a unit. */
const PLAIN_PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.+@-]+)+$/;

/** What the units do not see of the host. */
const UNSEEN = /^\/(?:home|root|run\/user|tmp|var\/tmp)(?:\/|$)/;

/** Units of berth. @throws {BerthError} `systemd.path`. */
export function planUnits(plan: UnitPlan): Unit[] {
  for (const path of [plan.binary, plan.stateDir]) {
    if (!PLAIN_PATH.test(path)) throw new BerthError("systemd.path", `${JSON.stringify(path)} can't stand in a unit`);
    if (UNSEEN.test(path)) throw new BerthError("systemd.unseen", `${path}: berth's units see no homes and no /tmp`);
  }
  return [
    { name: "berth.service", text: daemonUnit(plan) },
    { name: "berth-run@.service", text: jobUnit(plan) },
  ];
}

function daemonUnit(plan: UnitPlan): string {
  return `[Unit]
Description=berth, which keeps this host tidy of what jobs have left
Documentation=man:berth(1)
RequiresMountsFor=${plan.stateDir}

[Service]
Type=notify
NotifyAccess=main
ExecStart=${plan.binary} serve
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=1
# A configuration that is wrong does not mend itself.
RestartPreventExitStatus=78
# It is ready when its first sweep is over, which is cut after 5 minutes.
TimeoutStartSec=6min
WatchdogSec=2min
TimeoutStopSec=30
# It has no job of its own, and whoever has the memory is somebody else.
OOMScoreAdjust=-500

${placeOf(plan)}
${DAEMON_SANDBOX}
[Install]
WantedBy=multi-user.target
`;
}

function jobUnit(plan: UnitPlan): string {
  return `# systemctl start berth-run@NAME runs the job that /etc/berth/run/NAME describes, in a line as in
#   ARGS=--image node --timeout 10m -- make test
# and its secrets are in /etc/berth/run/NAME.env, mode 0600, where there is one: a line NAME=VALUE each.
[Unit]
Description=the job %i of berth's
Documentation=man:berth(1)
RequiresMountsFor=${plan.stateDir}

[Service]
Type=exec
# Nobody looks at what is only said. Who wants less than that writes it into the job's file.
Environment=BERTH_LIMITS=require BERTH_JAIL=require
EnvironmentFile=/etc/berth/run/%i
ExecStart=${plan.binary} run --env-file=-/etc/berth/run/%i.env $ARGS
# TERM is for berth, which tells the job, does what its --cancel-timeout has time for, ends the VM, and takes away what
# both had of the host. It is killed when it has not ended after that time, and what it may have left at once.
KillMode=mixed
TimeoutStopSec=2min

${placeOf(plan)}
${JOB_SANDBOX}`;
}

function placeOf({ systemd, stateDir }: UnitPlan): string {
  const subgroup = systemd >= DELEGATE_SUBGROUP ? "DelegateSubgroup=supervisor\n" : "";
  const state = stateDir === STATE_FOLDER
    ? "StateDirectory=berth\nStateDirectoryMode=0700"
    : `Environment=BERTH_STATE=${stateDir}\nBindPaths=${stateDir}`;
  // What jobs print is as long as they like: in a log of its own it pushes nobody else's words out.
  const log = systemd >= LOG_NAMESPACE ? "LogNamespace=berth\n" : "";
  return `# Read by journalctl --namespace=berth.
${log}
# Below the unit's group is where VMs' groups are made. A VM that has used up its memory is that job's end only.
Slice=berth.slice
Delegate=cpu cpuset io memory pids
${subgroup}OOMPolicy=continue

# Where images, caches and jobs are.
${state}
`;
}

/** The first line of what `berth systemd install` writes: what follows has this digest until somebody changes it. */
const MARK = /^# Written by `berth systemd install`, sha256 ([0-9a-f]{64})\n/;

/** Text of a unit, with the mark that nobody has changed it. */
export function withMark(text: string): string {
  return `# Written by \`berth systemd install\`, sha256 ${digest(text)}\n${text}`;
}

/** True for a text that some version of berth has written, and that nobody has changed since. */
export function isAsWritten(text: string): boolean {
  const mark = MARK.exec(text);
  return mark !== null && digest(text.slice(mark[0].length)) === mark[1];
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
