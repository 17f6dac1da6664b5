/**
 * What a job names of the host, looked at: its windows show it.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { withDiskNumbers } from "../cgroup/limits.ts";
import type { CgroupFacts } from "../host/cgroup_facts.ts";
import { volumeWindow } from "../host/windows.ts";
import type { SeenRequest } from "../job/plan.ts";
import { bothNames } from "../job/request/names.ts";
import type { JobRequest, VolumeRequest } from "../job/request/request.ts";
import type { SeenVolume } from "../job/volumes.ts";

/**
 * The request, with the numbers of the disks that it names, and with what its volumes are.
 *
 * @throws {BerthError} `usage.value`, `job.volume`.
 */
export async function seeRequest(request: JobRequest, { blockDevices }: CgroupFacts): Promise<SeenRequest> {
  const { ioMax = [] } = withDiskNumbers({ ioMax: request.ioMax }, blockDevices, bothNames("ioMax"));
  return { ...request, ioMax, volumes: await Promise.all(request.volumes.map(seeVolume)) };
}

/** The windows are there for paths only. */
async function seeVolume(volume: VolumeRequest, index: number): Promise<SeenVolume> {
  if (!("path" in volume)) return volume;
  const { isFile, isDirectory } = await Deno.stat(volumeWindow(index));
  if (isFile || isDirectory) return { ...volume, isFolder: isDirectory };
  throw new BerthError("job.volume", `the volume ${volume.path}: it is neither a file nor a folder`);
}
