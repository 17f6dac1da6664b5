// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { type PlanInputs, planJob } from "../../../lib/job/plan.ts";
import type { PartialRequest } from "../../../lib/job/request/request.ts";
import { LEAST_INPUTS, LEAST_REQUEST } from "../../support/job_plan.ts";

/** What a job of an image with these properties runs. */
function planExec(image: Partial<PlanInputs["image"]["spec"]>, spec: PartialRequest) {
  const of = { name: "ci", spec: { ...LEAST_INPUTS.image.spec, ...image } };
  return planJob({ ...LEAST_REQUEST, ...spec }, { ...LEAST_INPUTS, image: of }).exec;
}

const DEFAULTS = {
  argv: ["/entry", "run"],
  env: { PATH: "/opt/bin", A: "image's", B: "two\nlines" },
  user: "ci",
  workdir: "/srv",
};

Deno.test("planJob() runs the image's command as the image has it where the job says nothing", () => {
  assertEquals(planExec({ defaults: DEFAULTS }, { command: [] }), {
    ...DEFAULTS,
    hostname: "0123456789ab",
  });
});

Deno.test("planJob() lets what the job says go before what the image says", () => {
  const spec = { command: ["sh"], env: { A: "job's" }, user: "root", workdir: "/tmp" };
  assertEquals(planExec({ defaults: DEFAULTS }, spec), {
    argv: ["sh"],
    env: { PATH: "/opt/bin", A: "job's", B: "two\nlines" },
    user: "root",
    workdir: "/tmp",
    hostname: "0123456789ab",
  });
  assertEquals(planExec({ defaults: DEFAULTS }, { workspace: "." }).workdir, "/workspace");
});

Deno.test("planJob() refuses a job without a command of an image that has none", () => {
  const error = assertThrows(() => planExec({}, { command: [] }), BerthError, 'image "ci" has none of its own');
  assertEquals(error.code, "usage.command");
});
