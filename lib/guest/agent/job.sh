# Runs one job, seen from the agent: output ports, namespaces, exit status. What belongs to one is in its lane's folder.

# open_port FD NAME: opens a port on a file descriptor. Right after it appeared that can fail with ENXIO, and a failed
# redirection of exec ends a shell.
open_port() {
  wait_for_port "$2"
  until (: <>"$port") 2>/dev/null; do usleep 2000; done
  eval "exec $1<>$port"
}

# The job writes into FIFOs, never into the ports themselves: a port can be opened once only, so a job that opens
# /dev/stderr again would fail. dd copies what a read gives at once. Its input is a pipe without a name: to open a FIFO
# whose writer is done would wait for another one.
run_job() {
  local status why out err end file
  [ -p $lane/out ] || open_ports
  dd bs=64k <$lane/out >&5 2>/dev/null &
  out=$!
  dd bs=64k <$lane/err >&6 2>/dev/null &
  err=$!
  [ -z "$stdin" ] || echo "hello $token stdin" >&7
  say started
  if [ "$stdin" ]; then feed_stdin | enter_namespace; else enter_namespace </dev/null; fi
  # The namespace is gone and with it every process that could hold the output open, so both copies end now. A write to
  # a port returns when the host has taken it: after this, every byte is in the host's file.
  wait $out $err
  [ ! -s $lane/feeder ] || kill "$(cat $lane/feeder)" 2>/dev/null
  if [ -s $lane/refused ]; then
    read -r status why <$lane/refused
    end="refused $status${why:+ $(echo -n "$why" | base64 -w 0)}"
  else
    end="exited $(exit_status) $(oom_kills)"
  fi
  # Nobody's, when the next command begins: a drain runs after its job.
  for file in asked status refused init.pid job.pid feeder; do : >$lane/$file; done
  say "$end"
}

# enter_namespace: a shell says "Killed" of a command that was, on the command's own stderr; that is no word of the
# job's. So the job's stderr is 9 until there is no such shell any more.
enter_namespace() {
  unshare -p -m -f sh /berth/namespace.sh >$lane/out 9>$lane/err 2>/dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-
}

open_ports() {
  # A user that the job becomes meanwhile opens /dev/stderr again, too.
  mkfifo -m 666 $lane/out $lane/err
  open_port 5 berth.out$suffix
  open_port 6 berth.err$suffix
  # Others than the main lane's have neither input nor artifacts. A port can be opened once: the job can't any more.
  [ "$suffix" ] || { open_port 7 berth.stdin && open_port 8 berth.artifacts; }
}

# feed_stdin: in the background, as nobody waits for it when the job has ended.
feed_stdin() {
  copy_chunks <&7 2>/dev/null &
  echo $! >$lane/feeder
}

# copy_chunks: a length on a line, then so many bytes; a length of 0 is the end. In front may stand what the host asks
# whoever has said nothing yet.
copy_chunks() {
  local size nonce
  while read -r size nonce && { [ "$size" = who ] || [ "$size" -gt 0 ]; }; do
    [ "$size" != who ] || continue
    dd bs="$size" count=1 iflag=fullblock || return
  done
}

# exit_status: "code N" or "signal N", from the line that time(1) writes for anything but a zero.
exit_status() {
  local words=
  [ -s $lane/status ] && read -r words <$lane/status || { echo signal 9 && return; }
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

# signal_job N: to what the lane was asked to run. Its processes may need a while to be there, in which others are to be
# heard; a lane that runs nothing has nobody to signal.
signal_job() {
  if [ -s $lane/job.pid ]; then
    send_signal "$1"
  elif [ -s $lane/asked ]; then
    (
      while [ -s $lane/asked ] && [ ! -s $lane/job.pid ]; do usleep 2000; done
      [ ! -s $lane/job.pid ] || send_signal "$1"
    ) &
  fi
}

# send_signal N: KILL ends the whole namespace, any other signal goes to the job's process group.
send_signal() {
  local init job
  read -r init <$lane/init.pid
  read -r job <$lane/job.pid
  if [ "$1" = 9 ]; then
    kill -9 "$init"
  else
    nsenter -t "$init" -p kill "-$1" "-$job"
  fi 2>/dev/null
}
