# Runs one job, seen from the agent: output ports, namespaces, exit status.

# open_port FD NAME: opens a port on a file descriptor; the agent has shown that ports can be opened by now, except that
# each one answers ENXIO for a moment of its own.
open_port() {
  wait_for_port "$2"
  until (: <>"$port") 2>/dev/null; do usleep 2000; done
  eval "exec $1<>$port"
}

# The job writes into FIFOs, never into the ports themselves: a port can be opened once only, so a job that opens
# /dev/stderr again would fail. dd copies what a read gives at once. Its input is a pipe without a name: to open a FIFO
# whose writer is done would wait for another one.
run_job() {
  local status why out err
  [ "$ports" ] || open_ports
  ports=open
  # Of what ran before: a drain runs after its job.
  rm -f /run/status /run/refused /run/init.pid /run/job.pid /run/feeder
  dd bs=64k </run/out >&5 2>/dev/null &
  out=$!
  dd bs=64k </run/err >&6 2>/dev/null &
  err=$!
  [ -z "$stdin" ] || open_stdin
  say started
  if [ "$stdin" ]; then feed_stdin | enter_namespace; else enter_namespace </dev/null; fi
  # The namespace is gone and with it every process that could hold the output open, so both copies end now. A write to
  # a port returns when the host has taken it: after this, every byte is in the host's file.
  wait $out $err
  [ ! -s /run/feeder ] || kill "$(cat /run/feeder)" 2>/dev/null
  if [ -s /run/refused ]; then
    read -r status why </run/refused
    say "refused $status${why:+ $(echo -n "$why" | base64 -w 0)}"
  else
    say "exited $(exit_status) $(oom_kills)"
  fi
}

# enter_namespace: a shell says "Killed" of a command that was, on the command's own stderr; that is no word of the
# job's. So the job's stderr is 9 until there is no such shell any more.
enter_namespace() {
  unshare -p -m -f sh /berth/namespace.sh >/run/out 9>/run/err 2>/dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-
}

open_ports() {
  # A user that the job becomes meanwhile opens /dev/stderr again, too.
  mkfifo -m 666 /run/out /run/err
  open_port 5 berth.out
  open_port 6 berth.err
  # Used after the job only, but a port can be opened once: the job can't any more.
  ! find_port berth.artifacts || open_port 8 berth.artifacts
}

open_stdin() {
  open_port 7 berth.stdin
  echo "hello $(param token) stdin" >&7
}

# feed_stdin: in the background, as nobody waits for it when the job has ended.
feed_stdin() {
  copy_chunks <&7 2>/dev/null &
  echo $! >/run/feeder
}

# copy_chunks: a length on a line, then so many bytes; a length of 0 is the end.
copy_chunks() {
  local size
  while read -r size && [ "$size" -gt 0 ]; do
    dd bs="$size" count=1 iflag=fullblock || return
  done
}

# exit_status: "code N" or "signal N", from the line that time(1) writes for anything but a zero.
exit_status() {
  local words=
  [ -f /run/status ] && read -r words </run/status || { echo signal 9 && return; }
  case $words in
  *signal*) echo "signal ${words##* }" ;;
  *status*) echo "code ${words##* }" ;;
  *) echo code 0 ;;
  esac
}

oom_kills() {
  local name count
  set -- $(grep '^oom_kill ' /proc/vmstat)
  echo "${2:-0}"
}

# signal_job N: KILL ends the whole namespace, any other signal goes to the job's process group.
signal_job() {
  local init job
  # The host asks only after "started", but the processes may need a moment to get there.
  until [ -s /run/job.pid ] || [ -s /run/status ]; do usleep 2000; done
  read -r init </run/init.pid
  read -r job </run/job.pid
  if [ "$1" = 9 ]; then
    kill -9 "$init"
  else
    nsenter -t "$init" -p kill "-$1" "-$job"
  fi 2>/dev/null
}
