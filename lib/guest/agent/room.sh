# The room of a job: its namespaces, with its own view of the machine. Most of the time that a job takes to begin goes into
# them, and none of it depends on the job: so that of the main lane's first one is made before anybody has asked, and waits.
# See exec.sh for what it waits with.

# start_room: beside the main lane, which is the guest's first process and not to be any other, as the kernel spares that one.
# Not in the background, as a shell lets what is there ignore SIGINT: it is a part of a pipeline whose shell is ended, so
# that nobody waits for it. The input is a pipe that leads to the job's port, if the job is to have that. Until then nobody
# reads there: where the host has nothing at the other end, that would be the end of it.
start_room() {
  export lane
  (
    read -r self _ </proc/self/stat
    feed_stdin told | wait_in_room | kill -PIPE "$self"
  )
}

# wait_in_room: as long as it is there it holds its end of the FIFO.
wait_in_room() {
  exec 4>$lane/room
  export waits=yes
  enter_namespace
}

# expect_room: sets $room when there is one that waits. One that could not be made is gone already.
expect_room() {
  local word
  exec 9<$lane/room
  read -r word <&9
  [ "$word" != waits ] || room=yes
}

# use_room: lets the job begin, and waits for its end. The FIFO is open at both ends, as the room may be gone.
use_room() {
  local groups_are=same
  room=
  [ "$gid $groups" = "$room_groups" ] || groups_are=others
  [ -z "$stdin" ] || echo feed >$lane/feed
  exec 1<>$lane/go
  printf '%s %s %s\n%s\n' "$uid" $groups_are "$stdin" "$home"
  read -r _ <&9
  exec 1>/dev/null 9<&-
}

# enter_room: runs the job in namespaces that are made for it now.
enter_room() {
  if [ "$stdin" ]; then feed_stdin | enter_namespace; else enter_namespace </dev/null; fi
}

# enter_namespace: a shell says "Killed" of a command that was, on the command's own stderr; that is no word of the
# job's. So the job's stderr is 9 until there is no such shell any more. What is mounted in the job's root later is seen
# in a room that waits, and nothing of what is mounted there is seen outside.
enter_namespace() {
  unshare -p -m --propagation slave -f sh /berth/namespace.sh >$lane/out 9>$lane/err 2>/dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-
}

# feed_stdin [told]: in the background, as nobody waits for it when the job has ended; from when it is told.
feed_stdin() {
  { [ -z "$1" ] || read -r _ <$lane/feed; copy_chunks <&7 2>/dev/null; } &
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
