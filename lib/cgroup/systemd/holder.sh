# The first process of a VM's scope: systemd ends a scope with its last process, and the kernel its counters with it.
# Lives as long as whoever holds its standard input, and then takes the VM with it. Argument: the folder of the slice.
# No program is run in here: the scope's limits are the VM's.

# Running out of memory is the VM's end. Only root may say so.
{ echo -1000 >/proc/self/oom_score_adj; } 2>/dev/null || :
while read -r group; do case $group in 0::*) break ;; esac; done </proc/self/cgroup
scope=${group##*/}
echo "$$ $scope"
while read -r _; do :; done
[ ! -d "$1/$scope/vm" ] || echo 1 >"$1/$scope/vm/cgroup.kill"
