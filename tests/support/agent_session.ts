/**
 * A session with an agent that a test plays, over a real socket.
 *
 * @module
 */

import { within } from "../../lib/base/deadline.ts";
import { Hub } from "../../lib/guest/hub.ts";
import { Session } from "../../lib/guest/session.ts";
import { LEAST_INPUTS } from "./job_plan.ts";
import { Caller, socketPath } from "./socket.ts";

/** Connects the two; disposing ends both. */
export async function connectAgent(): Promise<{ agent: Caller; session: Session } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const socket = stack.use(await socketPath("hub"));
  const hub = stack.use(Hub.listen(socket.path));
  const arriving = hub.expect(LEAST_INPUTS.token, "agent");
  const agent = stack.use(await Caller.dial(socket.path));
  await agent.send(`hello ${LEAST_INPUTS.token} agent\n`);
  const session = stack.use(new Session(await within(arriving, 5000, "the agent")));
  const owned = stack.move();
  return { agent, session, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
