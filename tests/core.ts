/**
 * The tests that `deno task test` runs beside the gate: they touch each promise of berth once, so they prove an
 * installation. Everything else is for `deno task test:all`.
 *
 * @module
 */

/** A test of the core. */
export interface CoreTest {
  readonly suite: "vm" | "faults" | "host";
  /** As the test is called, to the letter. */
  readonly name: string;
  /** Where it is, if only such files are to be loaded. */
  readonly file?: string;
  /** Which promise it is there for. */
  readonly why: string;
}

/** What each suite has of it: the name, and why; of the test host, where loading a file takes seconds, by their files. */
const TESTS: Readonly<Record<string, readonly (readonly [name: string, why: string])[]>> = {
  faults: [
    ['SIGKILL of the front process, at "started"', "berth's death takes the VM along"],
    ['SIGTERM to the front process, at "collect"', "a wish to stop is heeded in every wait, artifacts' too"],
    ['SIGINT to the front process, at "launch"', "a boot that nobody wants any more ends"],
    ['SIGKILL of QEMU under a job that exits with 0, at "started"', "a VMM that is gone is no success"],
    ['SIGSTOP of QEMU, at "launched"', "a boot that hangs is tried once more"],
    ['SIGSTOP of QEMU, at "restored" of a guest that goes on', "a clone that hangs is followed by a boot"],
    ['SIGKILL of the host process, at "ready" of a guest that is saved', "half a template is none"],
    ['a full disk under a job that exits with 0, at "started"', "a full disk of the host is told as such"],
    [
      'a disk that becomes read-only under a job that exits with 0, at "ended"',
      "output that may be lost is no success",
    ],
    ["a job that forges the agent's lines", "a job can't choose its verdict"],
    ["a job that forges the agent's lines, and then the kernel panics", "a forged end does not hide a lost guest"],
    ["a job that runs out of memory in a child", "an end by memory is told as such"],
    ["a job that ignores TERM for too long", "a timeout ends every job"],
    ["a job that leaves processes behind", "a job's end is the end of all its processes"],
  ],
  vm: [
    ["berth run prints the guest's words on stdout, and nothing else there", "a job runs"],
    [
      "berth run says on stderr that limits are not enforced where there is no cgroup, and --quiet does not",
      "what is not enforced is said",
    ],
    ["berth run ends with 3 for sh -c exit 3", "the exit status is the job's"],
    ["berth run ends with 137 for sh -c kill -KILL $$", "a signal is told from a status"],
    ["berth run ends with 127 for no-such-command", "what can't be run is told"],
    ["berth run passes argv exactly", "a command arrives as it is"],
    ["berth run keeps stdout and stderr apart, and each byte exact", "output arrives as it is"],
    [
      "berth run gives a job its standard input with --stdin, and an empty one without",
      "input arrives, where it is wanted",
    ],
    ["the first guest of a shape is saved, and those after it are clones of it, each its own", "clones"],
    ["a clone has its own job's disks, sizes, input, artifacts, users and environment", "clones are their job's"],
    ["nothing of the job that a template was saved under is in it", "templates are nobody's"],
    ["berth run takes --user and --workdir", "a job is who and where it should be"],
    ["a job can't take the agent's port, load a module or see the agent's processes", "the agent is out of reach"],
    ["--workspace copies a folder in, and --artifact the same folder out again", "files go in and out"],
    ["links that a job puts in the place of its folders lead artifacts nowhere else", "artifacts stay in their folder"],
    [
      "--drain runs in the guest when the job has ended, before artifacts are taken, and changes no verdict",
      "the drain",
    ],
    ["--volume gives new disks, copies of folders and of files, and files that are only read", "volumes"],
    ["--cache: the next job gets what one that succeeded has left, and nothing of one that failed", "caches"],
    [
      "--log-limit cuts each stream for itself, says how much is missing, and leaves the verdict alone",
      "output has a bound",
    ],
    ["SIGTERM stops the job, which gets it, and ends with 143", "jobs can be stopped"],
    [
      "SIGTERM ends a job that ignores it, and what it has made comes out",
      "a job that is cancelled is not thrown away",
    ],
    ["a second signal ends a job at once, and the first one is the reason", "jobs can be stopped at once"],
    ["a killed host process takes QEMU and the mounts with it", "a crash leaves no VM"],
    [
      'a host process that is killed at "started" leaves nothing but a folder, and gc removes it',
      "what a crash leaves is found",
    ],
    ["a reader that goes away cancels the job", "nobody's output ends its job"],
    ["a VMM that is broken out of can do nothing to the host, to other jobs, or to its own files' places", "the jail"],
    [
      "each QEMU is a user that nobody else is, with no capability, behind filters, in namespaces of its own",
      "the jail of the real QEMU",
    ],
    [
      "an image whose programs and folders lie neither reaches the agent nor forges an exit status",
      "images are not trusted",
    ],
    ["an image that a job runs on is not removed; with force its name is, and the job ends well", "the image store"],
    [
      "the host process has nothing open but the standard three, whatever its caller has",
      "what the caller has open stays with it",
    ],
    [
      "the host process lives in a root of its own, with programs, windows, and nothing else of the host",
      "berth's own root",
    ],
    ["a link in a window leads nowhere: not to the host, not to another window, not by /proc", "links lead nowhere"],
    ["the host process is refused everything but its windows", "berth's own permissions"],
    ["berth's own folders are nobody else's, whatever the caller's umask is", "berth's state is its own"],
    ["root's jobs have a jail, or are refused where there is no bubblewrap", "no jail, no job"],
    [
      "a job's environment, command and drain are on no command line but the caller's, nor in what berth writes",
      "secrets",
    ],
    ["a job of a hand-made image finds what a container runtime gives", "what a guest has"],
    [
      "copies keep the folder itself, what is mounted in it, times and names; what they can't keep is named",
      "copies are exact",
    ],
    [
      "a job that takes more than --disk has failed; output that can't be written is no success",
      "a job's disk has a bound",
    ],
    ["a KVM that aborts is not used, whoever asks", "a KVM that does not work"],
    ["a KVM that runs no kernel is found out by the first job, which is emulated then", "a KVM that runs no kernel"],
    ["the binary needs no Deno, no home, and nothing of the environment but PATH", "the binary stands alone"],
    ["berth  is refused with a sentence", "wrong calls are told"],
    ["berth run --memroy 1G -- true is refused with a sentence", "wrong flags are told"],
    ["berth run --user no-such -- true is refused with a sentence", "what the image lacks is told"],
  ],
  "tests/host/smoke_test.ts": [
    ["PID 1 is systemd, and answers", "the test host is what it should be"],
    ["/sys/fs/cgroup is cgroup v2 with the controllers that berth uses", "the test host is what it should be"],
  ],
  "tests/host/run_test.ts": [
    ["berth run uses KVM where a guest runs on it", "KVM"],
    ["a killed host process takes QEMU, its group and its unit with it: systemd", "a crash leaves no group"],
  ],
  "tests/host/limits_test.ts": [
    ["every limit is in force while the VM runs, and is the report's: cgroupfs", "limits, by berth's own groups"],
    ["every limit is in force while the VM runs, and is the report's: systemd", "limits, by systemd's scopes"],
  ],
  "tests/host/oom_test.ts": [
    [
      "running into a memory limit is oom-host, says whose it was, and leaves nothing: cgroupfs",
      "the host's memory is bounded",
    ],
  ],
  "tests/host/systemd/systemd_driver_test.ts": [
    ["a device is denied, then allowed, then denied again", "devices are bounded"],
  ],
  "tests/host/rootless_test.ts": [
    ["a user in a delegated scope of the user's own manager has limits", "users have limits, too"],
  ],
  "tests/host/fallback_test.ts": [
    ["without a cgroup QEMU has ulimit -v, -t and -u, and the report says so", "limits of last resort"],
  ],
  "tests/host/doctor_test.ts": [
    ["doctor finds a good host good, all of it, and changes nothing", "doctor"],
  ],
  "tests/host/systemd/service_test.ts": [
    ["berth.service: ready when the host is tidy, and TERM is its good end", "the daemon"],
  ],
  "tests/host/systemd/service_jobs_test.ts": [
    ["berth-run@: the job's exit status is the unit's, and its output is in the unit's log", "a job as a service"],
  ],
};

/** In the order of their suites. */
export const CORE: readonly CoreTest[] = Object.entries(TESTS).flatMap(([where, tests]) =>
  tests.map(([name, why]) =>
    where === "vm" || where === "faults" ? { suite: where, name, why } : { suite: "host", file: where, name, why }
  )
);
