/**
 * The guest's side of the agent, its scripts and its programs, as it goes into every initramfs.
 *
 * @module
 */

import { createHash } from "node:crypto";
import init from "./agent/init.sh" with { type: "text" };
import agent from "./agent/agent.sh" with { type: "text" };
import artifacts from "./agent/artifacts.sh" with { type: "text" };
import become from "./agent/become.sh" with { type: "text" };
import devices from "./agent/devices.sh" with { type: "text" };
import enter from "./agent/enter.sh" with { type: "text" };
import exec from "./agent/exec.sh" with { type: "text" };
import identity from "./agent/identity.sh" with { type: "text" };
import job from "./agent/job.sh" with { type: "text" };
import names from "./agent/names.sh" with { type: "text" };
import namespace from "./agent/namespace.sh" with { type: "text" };
import paths from "./agent/paths.sh" with { type: "text" };
import refused from "./agent/refused.sh" with { type: "text" };
import room from "./agent/room.sh" with { type: "text" };
import root from "./agent/root.sh" with { type: "text" };
import runnable from "./agent/runnable.sh" with { type: "text" };
import volumes from "./agent/volumes.sh" with { type: "text" };
import { PROGRAMS } from "./programs/programs.ts";

/** Path in the initramfs → text. */
export const AGENT_FILES: Readonly<Record<string, string>> = {
  "init": init,
  "berth/agent.sh": agent,
  "berth/artifacts.sh": artifacts,
  "berth/become.sh": become,
  "berth/devices.sh": devices,
  "berth/enter.sh": enter,
  "berth/exec.sh": exec,
  "berth/identity.sh": identity,
  "berth/job.sh": job,
  "berth/names.sh": names,
  "berth/namespace.sh": namespace,
  "berth/paths.sh": paths,
  "berth/refused.sh": refused,
  "berth/room.sh": room,
  "berth/root.sh": root,
  "berth/runnable.sh": runnable,
  "berth/volumes.sh": volumes,
};

/** Path in the initramfs → program. */
export const AGENT_PROGRAMS: Readonly<Record<string, Uint8Array>> = Object.fromEntries(
  Object.entries(PROGRAMS).map(([name, program]) => [`berth/${name}`, program]),
);

type AgentContents = Readonly<Record<string, string | Uint8Array>>;

/** Tells one version of the agent from another: an image that carries an older one must be built again. */
export function agentHash(files: AgentContents = { ...AGENT_FILES, ...AGENT_PROGRAMS }): string {
  const hash = createHash("sha256");
  for (const [path, content] of Object.entries(files)) hash.update(`${path}\0`).update(content).update("\0");
  return hash.digest("hex").slice(0, 16);
}
