# Inside the job's root: the last checks, which only a shell that stands here can make, then exec.
#
# This busybox prefers its own applets to the programs of the image, in its shell and wherever it starts a program by
# name. The image's programs are meant, so they are looked up here, and started by the one applet that takes a file and
# an argv[0] apart: start-stop-daemon.
. /proc/self/fd/7
. /proc/self/fd/6
exec 6<&- 7<&- 8<&-
busybox=/dev/.berth/busybox

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
exec_as_user() { exec "$busybox" nsenter -F -S "$uid" -- "$busybox" "$@"; }

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
