#!/bin/sh
# What one would write by hand instead of `berth run --start clone`: QEMU goes on from a saved state, its agent is given one
# command, end QEMU. See by_hand.sh.
#
# Arguments: QEMU's own. $STATE is the file of the state; $WHO and $REQUEST are what to tell the agent, as lines.
set -eu

rm -f agent.in agent.out qmp.in qmp.out
mkfifo agent.in agent.out qmp.in qmp.out

"$@" 8<"$STATE" &
qemu=$!
trap 'kill $qemu 2>/dev/null && wait $qemu || :' EXIT
trap 'exit 143' INT TERM

exec 5<qmp.out 6>qmp.in 3<agent.out 4>agent.in
echo '{"execute":"qmp_capabilities"}
  {"execute":"migrate-set-capabilities","arguments":{"capabilities":[{"capability":"events","state":true}]}}
  {"execute":"migrate-incoming","arguments":{"uri":"fd:8"}}' >&6
while read -r line <&5; do
  case $line in *completed*) break ;; esac
done
# It was saved while it stood still.
echo '{"execute":"cont"}' >&6
. "${0%/*}/by_hand_job.sh"
