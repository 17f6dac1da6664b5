/**
 * A hardened service of systemd that has its own group through a window only.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { shell } from "../support/berth.ts";
import { inService, SERVICE } from "../support/host/host_parents.ts";

const OWNER = new URL("./window_owner.ts", import.meta.url).pathname;
const WINDOW = "/run/berth-window";

Deno.test("a service that may write nowhere but to its window makes groups with limits, and removes them", async () => {
  await shell('mkdir -p "$1"', WINDOW);
  const hardened = inService(
    "Delegate=yes",
    `BindPaths=${SERVICE}:${WINDOW}`,
    "ProtectSystem=strict",
    "ProtectControlGroups=yes",
  );
  const permissions = [`--allow-read=${WINDOW}`, `--allow-write=${WINDOW}`, "--allow-run=sh,busybox"];
  const deno = ["deno", "run", "--quiet", "--no-prompt", "--no-check", "--cached-only", ...permissions];
  // The unit is as shut as it is said to be: the tree itself can't be written.
  const closed = `if mkdir ${SERVICE}/other 2>/dev/null; then echo open; else echo shut; fi; exec "$@"`;
  const said = await shell('"$@"', ...hardened, "sh", "-c", closed, "sh", ...deno, OWNER, WINDOW);
  const [tree, result] = said.trim().split("\n");
  assertEquals(tree, "shut");
  assertEquals(JSON.parse(result), {
    limits: { memoryMaxBytes: 64 * 1024 ** 2, pidsMax: 7 },
    members: 1,
    signal: "SIGKILL",
    left: ["supervisor"],
  });
  assertStringIncludes(await shell("systemctl is-active berth-test.service || true"), "inactive");
});
