# The agent's loop: reads the host's lines, one at a time, and acts on them.

# say LINE: one line to the host, of this lane. A short write to a virtio port is never split or mixed with another.
say() { echo "$speaker$*" >&3; }

# fail WORDS: the end of what this lane was asked. The parts of the next fragment come when that was heard.
fail() {
  : >$lane/asked
  : >$lane/request
  say "error $(echo -n "$*" | base64 -w 0)"
}

# The agent is a process that listens, and one for each lane. Signals must get through while a job runs, so a background
# process reads the port and acts on them; everything else it hands to a lane. No lane is a background command, because a
# shell lets those ignore SIGINT, and the job would inherit that. Until the guest is somebody the main lane listens
# itself: what passes from process to process takes long in a guest that has just been restored.
agent() {
  local number count
  count=$(param lanes)
  serving=yes
  for number in ${count:+$(seq 1 $((count - 1)))}; do make_lane /run/lane$number; done
  [ -z "$resolved" ] || start_room
  serve_lanes 1 "${count:-1}"
}

# make_lane FOLDER
make_lane() {
  mkdir $1 $1/identity
  mkfifo $1/requests $1/room $1/go $1/feed
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
  local verb words
  lane=/run/lane$1
  # Every process of the lane is to know.
  export lane
  [ "$1" = 0 ] || { speaker="lane $1 " suffix=.$1; }
  exec 4<>$lane/requests
  if [ "$1" = 0 ]; then
    [ -z "$resolved" ] || { copy_output && expect_room; }
    say "ready $nonce${unfit:+ unfit}"
    while read -r verb words <&3 && [ "$verb" = who ]; do hear_who "$words"; done
    start_listening "$verb" "$words"
  fi
  while read -r verb words <&4; do
    [ -z "$broken" ] || [ "$verb" = who ] || { fail "$broken"; continue; }
    case $verb in
    who) hear_who "$words" ;;
    exec) start_job ;;
    collect) collect ;;
    flush) flush_caches ;;
    *) fail "unknown request: $verb" ;;
    esac
  done
}

hear_who() { [ "$1" != "$nonce" ] || become_somebody; }

# start_listening [VERB WORDS]: once. These were heard already; none is the end.
start_listening() {
  [ -z "$listening" ] || return 0
  listening=yes
  { [ -z "$1" ] || hear "$@"; listen; } &
}

listen() {
  local verb words
  while read -r verb words <&3; do hear "$verb" "$words"; done
  # The host is gone.
  reboot -f
}

hear() {
  local verb=$1 words=$2
  lane=/run/lane0
  if [ "$verb" = lane ]; then
    lane=/run/lane${words%% *}
    words=${words#* }
    verb=${words%% *}
    words=${words#* }
  fi
  case $verb in
  signal) signal_job "$words" ;;
  part)
    words=${words#.}
    printf %s "${words%.}" >>$lane/request
    ;;
  exec)
    # Until its end is told: see signal_job.
    echo yes >$lane/asked
    echo exec >$lane/requests
    ;;
  *) echo "$verb $words" >$lane/requests ;;
  esac
}

# start_job: the fragment, which has come in parts, sets user, workdir, hostname, stdin, clock (seconds since 1970), and
# functions that hold the exact environment, argv and volumes. The main lane prepares the machine for all of them.
start_job() {
  . $lane/request
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
  if unshare -m sh /berth/artifacts.sh >$lane/collected 2>$lane/why; then
    while read -r line; do say "$line"; done <$lane/collected
    : >$lane/request
    say collected
  else
    read -r line <$lane/why
    fail "artifacts: $line"
  fi
}
