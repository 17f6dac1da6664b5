/**
 * What the use cases need to see of the host: the windows that a front process opens for them. Pure.
 *
 * @module
 */

import { isDiskNumber, type Limits } from "../cgroup/limits.ts";
import { type Device, nodesToLookFor, parseDevice, pathsOf } from "../cgroup/systemd/devices.ts";
import { parseParent } from "../cgroup/parent.ts";
import { DEFAULT_SLICE, slicePath } from "../cgroup/systemd/properties.ts";
import {
  artifactWindow,
  BOOT,
  BUSYBOX,
  CGROUP,
  EVENTS,
  HOST_FACTS,
  IMAGE,
  MODULES,
  nodeWindow,
  REPORT,
  SLICE,
  USERS,
  volumeWindow,
  type Window,
  WORKSPACE,
} from "../host/windows.ts";
import { imageFolder, type JobRequest } from "../job/request/request.ts";
import { VMM_TRAITS } from "./vmm.ts";

/** What building images reads from the host. */
export const BUILD_WINDOWS: readonly Window[] = [
  { mode: "optional", target: BOOT, source: "/boot" },
  { mode: "optional", target: MODULES, source: "/lib/modules" },
  { mode: "optional", target: BUSYBOX, source: "/bin/busybox" },
];

/** Where is written of a job. */
export interface Written {
  /** A file. */
  readonly report?: string;
  /** A file, or the number of a descriptor of the caller's. */
  readonly events?: string | number;
}

/** The windows of one job and of its VM's group. */
export function runWindows(request: JobRequest, written: Written): Window[] {
  return [...jobWindows(request, written), ...(request.limits === "off" ? [] : groupWindows(request))];
}

/** The windows of a job that is only planned: nothing is made for it. */
export function dryRunWindows(request: JobRequest): Window[] {
  return [
    ...jobWindows({ ...request, artifacts: [] }, {}),
    ...jailWindows(request, false),
    ...diskFacts({ ioMax: request.ioMax }),
  ];
}

/** The windows on what a job names. */
export function jobWindows(request: JobRequest, { report, events }: Written): Window[] {
  const { workspace, volumes, artifacts } = request;
  const image = imageFolder(request);
  return [
    ...(image === undefined ? [] : [{ mode: "ro", target: IMAGE, source: image } as const]),
    ...(workspace === undefined ? [] : [{ mode: "folder", target: WORKSPACE, source: workspace } as const]),
    ...volumes.flatMap((volume, index) =>
      "path" in volume ? [{ mode: "ro", target: volumeWindow(index), source: volume.path } as const] : []
    ),
    ...artifacts.map(({ host }, index) => ({ mode: "make", target: artifactWindow(index), source: host } as const)),
    ...(report === undefined ? [] : [{ mode: "file", target: REPORT, source: report } as const]),
    ...(events === undefined ? [] : [eventsWindow(events)]),
  ];
}

function eventsWindow(events: string | number): Window {
  return typeof events === "string"
    ? { mode: "file", target: EVENTS, source: events }
    : { mode: "descriptor", target: EVENTS, source: String(events) };
}

/** The windows and facts that a VM's group needs. */
function groupWindows({ cgroupParent, cgroupDriver, ioMax, devices }: JobRequest): Window[] {
  const parent = parseParent(cgroupParent, cgroupDriver);
  const slice = slicePath(parent.kind === "unit" ? parent.slice : DEFAULT_SLICE);
  const isSystemds = parent.kind === "unit" || cgroupDriver === "systemd";
  const spare = cgroupDriver === "auto" && parent.kind === "self";
  const own = devices.map(parseDevice);
  return [
    { mode: "cgroup", target: CGROUP, source: parent.kind === "path" ? parent.path : "self" },
    ...(isSystemds || spare
      ? [{ mode: isSystemds ? "slice" : "spare_slice", target: SLICE, source: slice } as const]
      : []),
    ...(isSystemds || spare ? nodesToLookFor(own) : pathsOf(own)).map(deviceFact),
    ...diskFacts({ ioMax }),
  ];
}

/** What a VMM's jail needs of the host. */
export function jailWindows({ jail, accel, devices }: JobRequest, isRoot: boolean): Window[] {
  const own = pathsOf(devices.map(parseDevice));
  // For a VMM without a jail; and for one that may come to have none.
  const here = own.map((source): Window => ({ mode: "here", target: HOST_FACTS, source }));
  if (jail === "off") return here;
  const accelerators = accel === "auto" ? ["kvm", "tcg"] as const : [accel];
  const nodes = [...accelerators.flatMap((accelerator) => VMM_TRAITS.devices(accelerator)), ...own];
  return [
    ...here,
    ...(isRoot ? [usersWindow()] : []),
    ...[...new Set(nodes)].map((source): Window => ({ mode: "node", target: nodeWindow(source), source })),
  ];
}

/** The windows of an update. */
export function updateWindows(
  { id, limits, devicesToAdd }: {
    readonly id: string;
    readonly limits: Limits;
    readonly devicesToAdd: readonly Device[];
  },
  stateDir: string,
): Window[] {
  return [
    { mode: "group", target: CGROUP, source: `${stateDir}/jobs/${id}.cgroup` },
    ...diskFacts(limits),
    ...nodesToLookFor(devicesToAdd).map(deviceFact),
  ];
}

/** Shows which users of the host are taken by VMMs. For root. */
export function usersWindow(): Window {
  return { mode: "users", target: USERS, source: "/run/berth-users" };
}

/** The slice of VMs' scopes, where systemd has kept berth's own group for itself. */
export const SPARE_SLICE: Window = { mode: "spare_slice", target: SLICE, source: slicePath(DEFAULT_SLICE) };

/** Asks which groups of dead jobs need not be looked for. */
export function goneFact(stateDir: string): Window {
  return { mode: "gone", target: HOST_FACTS, source: `${stateDir}/jobs` };
}

/** Asks whether a device node is there. */
function deviceFact(path: string): Window {
  return { mode: "device", target: HOST_FACTS, source: path };
}

/** Asks for the numbers of disks that are given by name. */
function diskFacts({ ioMax = [] }: Limits): Window[] {
  return ioMax.filter(({ device }) => !isDiskNumber(device)).map(({ device }) => ({
    mode: "block",
    target: HOST_FACTS,
    source: device,
  }));
}
