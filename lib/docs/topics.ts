/**
 * The topics of `berth help`, which are also files to read. A topic is one subject.
 *
 * @module
 */

import configuration from "./configuration.md" with { type: "text" };
import dependencies from "./dependencies.md" with { type: "text" };
import design from "./design.md" with { type: "text" };
import development from "./development.md" with { type: "text" };
import disks from "./disks.md" with { type: "text" };
import findings from "./findings.md" with { type: "text" };
import guest from "./guest.md" with { type: "text" };
import images from "./images.md" with { type: "text" };
import jail from "./jail.md" with { type: "text" };
import kvm from "./kvm.md" with { type: "text" };
import limits from "./limits.md" with { type: "text" };
import output from "./output.md" with { type: "text" };
import packaging from "./package.md" with { type: "text" };
import permissions from "./permissions.md" with { type: "text" };
import recovery from "./recovery.md" with { type: "text" };
import report from "./report.md" with { type: "text" };
import requests from "./requests.md" with { type: "text" };
import running from "./running.md" with { type: "text" };
import secrets from "./secrets.md" with { type: "text" };
import services from "./services.md" with { type: "text" };
import speed from "./speed.md" with { type: "text" };
import starts from "./starts.md" with { type: "text" };

/** A topic: what it has, in a few words, and its text (Markdown). */
export interface Topic {
  readonly summary: string;
  readonly text: string;
}

/** All topics, in the order of the help. */
export const TOPICS: Readonly<Record<string, Topic>> = {
  running: { summary: "every flag of berth run, times, exit statuses", text: running },
  requests: { summary: "a job as JSON, for programs", text: requests },
  report: { summary: "the report: verdicts, evidence, usage", text: report },
  secrets: { summary: "how a job gets them", text: secrets },
  configuration: { summary: "what a host fixes for all jobs", text: configuration },
  output: { summary: "streams, and what they cost of the disk", text: output },
  limits: { summary: "memory, CPU, processes, disks: where and how", text: limits },
  kvm: { summary: "when KVM is used, and when not", text: kvm },
  starts: { summary: "guests that are restored, and not booted", text: starts },
  jail: { summary: "what a VMM may", text: jail },
  guest: { summary: "what a job finds", text: guest },
  images: { summary: "build, import, keep", text: images },
  disks: { summary: "workspaces, volumes, caches, artifacts", text: disks },
  recovery: { summary: "what a crash leaves", text: recovery },
  findings: { summary: "what berth doctor tells", text: findings },
  services: { summary: "units of systemd", text: services },
  package: { summary: "the Debian package", text: packaging },
  design: { summary: "how it works", text: design },
  permissions: { summary: "what berth may", text: permissions },
  dependencies: { summary: "of what it is made, and what it starts", text: dependencies },
  development: { summary: "tasks, tests, the binary", text: development },
  speed: { summary: "what was measured", text: speed },
};
