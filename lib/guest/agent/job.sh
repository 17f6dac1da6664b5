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
copy_output() {
  [ -p $lane/out ] || open_ports
  dd bs=64k <$lane/out >&5 2>/dev/null &
  out=$!
  dd bs=64k <$lane/err >&6 2>/dev/null &
  err=$!
}

run_job() {
  local status ooms why end file
  [ "$room" ] || copy_output
  [ -z "$stdin" ] || echo "hello $token stdin" >&7
  say started
  if [ "$room" ]; then use_room; else enter_room; fi
  # The namespace is gone and with it every process that could hold the output open, so both copies end now. A write to
  # a port returns when the host has taken it: after this, every byte is in the host's file.
  wait $out $err
  [ ! -s $lane/feeder ] || { read -r status <$lane/feeder && kill "$status" 2>/dev/null; }
  if [ -s $lane/refused ]; then
    read -r status why <$lane/refused
    end="refused $status${why:+ $(echo -n "$why" | base64 -w 0)}"
  else
    read_status
    count_ooms
    end="exited $status $ooms"
  fi
  # Nobody's, when the next command begins: a drain runs after its job.
  for file in request asked status refused init.pid job.pid feeder; do : >$lane/$file; done
  say "$end"
}

open_ports() {
  # A user that the job becomes meanwhile opens /dev/stderr again, too.
  mkfifo -m 666 $lane/out $lane/err
  open_port 5 berth.out$suffix
  open_port 6 berth.err$suffix
  # Others than the main lane's have neither input nor artifacts. A port can be opened once: the job can't any more.
  [ "$suffix" ] || { open_port 7 berth.stdin && open_port 8 berth.artifacts; }
}

# read_status: sets $status to "code N" or "signal N", from the line that time(1) writes for anything but a zero.
read_status() {
  local words=
  [ -s $lane/status ] && read -r words <$lane/status || { status="signal 9" && return; }
  case $words in
  *signal*) status="signal ${words##* }" ;;
  *status*) status="code ${words##* }" ;;
  *) status="code 0" ;;
  esac
}

# count_ooms: sets $ooms to how many processes the kernel has killed for want of memory. One that is too old does not say.
count_ooms() {
  ooms=$(cat /proc/vmstat)
  case $ooms in *"
oom_kill "*) ;; *) ooms=0 && return ;; esac
  ooms=${ooms#*"
oom_kill "}
  ooms=${ooms%%[!0-9]*}
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
