# Inside the job's root: the last checks, which only a shell that stands here can make, then exec.
#
# This busybox prefers its own applets to the programs of the image, in its shell and wherever it starts a program by
# name. The image's programs are meant, so they are looked up here, and started by the one applet that takes a file and
# an argv[0] apart: start-stop-daemon.

# wait_for_job: number 5 is the agent's root, and 4 the job's. root's own groups are those of this process already; others
# are taken as enter.sh does.
wait_for_job() {
  local agent=/proc/self/fd/5 groups stdin
  echo waits >$agent$lane/room
  { read -r uid groups stdin && IFS= read -r home; } <$agent$lane/go
  export uid home
  # From now on there is a job to send signals to.
  echo $$ >$agent$lane/job.pid
  exec 7<$agent$lane/request
  [ "$stdin" ] || exec </dev/null
  waits=
  [ "$groups" = same ] || exec "$busybox" chroot $agent /bin/busybox start-stop-daemon -S -p /nonexistent -c root \
    -x /bin/busybox -a chroot -- /proc/self/fd/4 "$busybox" sh /proc/self/fd/8
}

busybox=/dev/.berth/busybox
. /proc/self/fd/6
[ -z "$waits" ] || wait_for_job
. /proc/self/fd/7
exec 4<&- 5<&- 6<&- 7<&- 8<&-

# refuse STATUS [WHY]: a status that the job did not choose; the agent tells it apart from the job's own.
refuse() {
  echo "$1 $2" >&9
  exit "$1"
}

# find COMMAND ...: sets $program to the file that the command is; 127 and 126 as in a shell.
find() {
  local folder IFS=:
  case $1 in
  */*)
    program=$1
    [ -e "$program" ] || refuse 127
    ;;
  *)
    for folder in $path; do
      program=${folder:-.}/$1
      [ -f "$program" ] && [ -x "$program" ] && return
    done
    refuse 127
    ;;
  esac
  [ -f "$program" ] && [ -x "$program" ] || refuse 126
}

# exec_as_user APPLET ...: takes this process over. It has the user's groups already.
exec_as_user() {
  [ "$uid" != 0 ] || exec "$busybox" "$@"
  exec "$busybox" nsenter -F -S "$uid" -- "$busybox" "$@"
}

enter() {
  local name=$1
  shift
  with_env "$busybox" start-stop-daemon -S -p /nonexistent -x "$program" -a "$name" -- "$@"
}

cd -- "$workdir" 2>/dev/null || refuse 125
with_argv find
# root has looked the program up, but whether it may be executed is the user's matter.
[ "$uid" = 0 ] || (exec_as_user test -x "$program") || refuse 126 "user $uid may not execute $program"
# What the kernel can't execute would be handed to a shell, whatever it is.
expect_runnable "$program" || refuse 126 "$why"
exec 9>&-
with_argv enter
