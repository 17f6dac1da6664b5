# The agent's loop: reads the host's lines, one at a time, and acts on them.

# say LINE: one line to the host, of this lane. A short write to a virtio port is never split or mixed with another.
say() { echo "$speaker$*" >&3; }

# fail WORDS: the end of what this lane was asked.
fail() {
  : >$lane/asked
  say "error $(echo -n "$*" | base64 -w 0)"
}

# The agent is a process that listens, and one for each lane. Signals must get through while a job runs, so a background
# process reads the port and acts on them; everything else it hands to a lane. No lane is a background command, because a
# shell lets those ignore SIGINT, and the job would inherit that.
agent() {
  local number count
  count=$(param lanes)
  serving=yes
  for number in ${count:+$(seq 1 $((count - 1)))}; do mkdir /run/lane$number && mkfifo /run/lane$number/requests; done
  listen &
  serve_lanes 1 "${count:-1}"
}

# serve_lanes NUMBER COUNT: lanes from that number on each in a process of its own, the main one here. What stands in front
# of a | is a process beside this one, and no background command.
serve_lanes() {
  if [ "$1" -lt "$2" ]; then
    serve_lane "$1" </dev/null >/dev/null | serve_lanes $(($1 + 1)) "$2"
  else
    serve_lane 0
  fi
}

# serve_lane NUMBER: what this process does from now on.
serve_lane() {
  lane=/run/lane$1
  # Every process of the lane is to know.
  export lane
  [ "$1" = 0 ] || { speaker="lane $1 " suffix=.$1; }
  exec 4<>$lane/requests
  [ "$1" != 0 ] || say "ready $nonce${unfit:+ unfit}"
  while read -r verb <&4; do
    [ -z "$broken" ] || [ "$verb" = who ] || { fail "$broken"; continue; }
    case $verb in
    who) become_somebody ;;
    exec) start_job ;;
    collect) collect ;;
    flush) flush_caches ;;
    *) fail "unknown request: $verb" ;;
    esac
  done
}

listen() {
  local verb argument rest
  while read -r verb argument rest <&3; do
    lane=/run/lane0
    if [ "$verb" = lane ]; then
      lane=/run/lane$argument
      verb=${rest%% *}
      argument=${rest#* }
    fi
    case $verb in
    who) [ "$argument" != "$nonce" ] || echo who >$lane/requests ;;
    signal) signal_job "$argument" ;;
    part) echo "$argument" >>$lane/request ;;
    poweroff) break ;;
    exec)
      # Until its end is told: see signal_job.
      echo yes >$lane/asked
      echo exec >$lane/requests
      ;;
    *) echo "$verb" >$lane/requests ;;
    esac
  done
  # The host is gone, or wants us gone.
  reboot -f
}

# take_request FILE: decodes the fragment that has come in parts.
take_request() {
  base64 -d <$lane/request >"$1"
  rm $lane/request
}

# start_job: the fragment sets user, workdir, hostname, stdin, clock (seconds since 1970), and functions that hold the exact
# environment, argv and volumes. The main lane prepares the machine for all of them.
start_job() {
  take_request $lane/job.sh
  . $lane/job.sh
  set_clock
  if [ "$speaker" ]; then
    until [ -e /run/prepared ]; do usleep 2000; done
  elif [ -z "$named" ]; then
    give_names
    named=yes
  fi
  # Of the first command: what ran before another one may have changed the image's users.
  [ "$resolved$speaker$user" = yes ] || resolve_user || return
  resolved=
  export uid home
  write_identity
  # One that comes to nothing may be followed by another.
  [ -e /run/prepared ] || with_volumes mount_volume
  : >/run/prepared
  make_workdir || return
  run_job
}

# set_clock: an emulated guest's clock goes wrong over the hours; half a second is no reason to touch it.
set_clock() {
  local off=$((clock - ${EPOCHSECONDS:-$(date +%s)}))
  [ $off -ge -1 ] && [ $off -le 1 ] || date -s "@$clock" >/dev/null
}

# make_workdir: as container runtimes do, whoever has named it.
make_workdir() {
  local why="too many links"
  if inside "$workdir"; then
    [ ! -d "/newroot$inside" ] || return 0
    mkdir -p "/newroot$inside" 2>$lane/why && return
    read -r why <$lane/why
  fi
  fail "workdir $workdir: ${why##*: }"
  return 1
}

# collect: the fragment sets the positional parameters to the guest's paths.
collect() {
  local line=
  take_request $lane/collect.sh
  if unshare -m sh /berth/artifacts.sh >$lane/collected 2>$lane/why; then
    while read -r line; do say "$line"; done <$lane/collected
    say collected
  else
    read -r line <$lane/why
    fail "artifacts: $line"
  fi
}
