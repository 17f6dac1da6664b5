/**
 * A session with an agent that a test plays, over a real socket.
 *
 * @module
 */

import { within } from "../../lib/base/deadline.ts";
import { Hub } from "../../lib/guest/hub.ts";
import { Session } from "../../lib/guest/session.ts";
import type { GuestOutput } from "../../lib/guest/link.ts";
import { Lanes } from "../../lib/machine/exec.ts";
import { createVmFiles } from "../../lib/machine/files.ts";
import type { Machine } from "../../lib/machine/machine.ts";
import { temporaryFolder } from "./temp.ts";
import { LEAST_INPUTS } from "./job_plan.ts";
import { Caller, socketPath } from "./socket.ts";

/** The agent, and what a machine does with it. */
export interface Connected extends Pick<Machine, "exec">, AsyncDisposable {
  readonly agent: Caller;
  readonly session: Session;
  readonly outputs: readonly GuestOutput[];
}

/** Connects the two; disposing ends both. */
export async function connectAgent(lanes = 1): Promise<Connected> {
  await using stack = new AsyncDisposableStack();
  const socket = stack.use(await socketPath("hub"));
  const hub = stack.use(Hub.listen(socket.path));
  const arriving = hub.expect(LEAST_INPUTS.token, "agent");
  const agent = stack.use(await Caller.dial(socket.path));
  await agent.send(`hello ${LEAST_INPUTS.token} agent\n`);
  const session = stack.use(new Session(await within(arriving, 5000, "the agent"), () => {}, lanes));
  const { outputs } = createVmFiles(
    { folder: stack.use(await temporaryFolder()).path, lanes },
    (file) => stack.use(file),
  );
  const commands = new Lanes(session, outputs, { volumes: [], stdin: false });
  const owned = stack.move();
  return {
    agent,
    session,
    exec: (command) => commands.exec(command),
    outputs,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
