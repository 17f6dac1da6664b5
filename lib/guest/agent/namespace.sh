# The first process of the job's PID namespace: when it ends, the kernel ends everything the job has left running.
# time(1) is the one tool in here that tells an exit status of 143 from a death by SIGTERM.
# /proc is still the agent's here, so it shows this process's id as the agent sees it.
read -r init rest </proc/self/stat
echo "$init" >$lane/init.pid
mount -t proc proc /proc
exec 2>&9
exec 9>$lane/refused
time -o $lane/status -f '' setsid unshare -m --propagation slave sh /berth/enter.sh
