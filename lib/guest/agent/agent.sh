# The agent's loop: reads the host's lines, one at a time, and acts on them.

# say LINE: one line to the host. A short write to a virtio port is never split or mixed with another.
say() { echo "$*" >&3; }

fail() { say "error $(echo -n "$*" | base64 -w 0)"; }

# The agent is two processes. Signals must get through while a job runs, so a background process reads the port and acts
# on them; everything else it hands to the foreground. The job belongs to the foreground, because a shell lets background
# commands ignore SIGINT, and the job would inherit that.
agent() {
  # Opening a port right after it appeared can fail with ENXIO, and a failed redirection ends a shell.
  until (: <>"$port") 2>/dev/null; do usleep 2000; done
  exec 3<>"$port"
  mkfifo /run/requests
  exec 4<>/run/requests
  listen &
  say "hello $(param token) agent"
  while read -r verb <&4; do
    case $verb in
    exec) start_job ;;
    collect) collect ;;
    flush) flush_caches ;;
    *) fail "unknown request: $verb" ;;
    esac
  done
}

listen() {
  local verb argument
  while read -r verb argument <&3; do
    case $verb in
    signal) signal_job "$argument" ;;
    part) echo "$argument" >>/run/request ;;
    poweroff) break ;;
    *) echo "$verb" >&4 ;;
    esac
  done
  # The host is gone, or wants us gone.
  reboot -f
}

# take_request FILE: decodes the fragment that has come in parts.
take_request() {
  base64 -d </run/request >"$1"
  rm /run/request
}

# start_job: the fragment sets user, workdir, hostname, stdin, clock (seconds since 1970), and functions that hold the exact
# environment, argv and volumes.
start_job() {
  take_request /run/job.sh
  . /run/job.sh
  # What the guest has read from the machine's clock is some seconds off where the boot was slow.
  [ "$clock" = "$(date +%s)" ] || date -s "@$clock" >/dev/null
  if [ -z "$mounted" ]; then
    load panic
    mount_root
    give_names
    set_kernel
  fi
  mounted=yes
  resolve_user || return
  export uid home
  write_identity
  with_volumes mount_volume
  make_workdir || return
  run_job
}

# make_workdir: as container runtimes do, whoever has named it.
make_workdir() {
  local why="too many links"
  if inside "$workdir"; then
    [ ! -d "/newroot$inside" ] || return 0
    mkdir -p "/newroot$inside" 2>/run/why && return
    read -r why </run/why
  fi
  fail "workdir $workdir: ${why##*: }"
  return 1
}

# collect: the fragment sets the positional parameters to the guest's paths.
collect() {
  local line=
  take_request /run/collect.sh
  if unshare -m sh /berth/artifacts.sh >/run/collected 2>/run/why; then
    while read -r line; do say "$line"; done </run/collected
    say collected
  else
    read -r line </run/why
    fail "artifacts: $line"
  fi
}
