# Inside the job's root: the last checks, which only a shell that stands here can make, then exec.
#
# This busybox prefers its own applets to the programs of the image, in its shell and wherever it starts a program by
# name. The image's programs are meant, so they are looked up here, and started by a program of the agent's own.

# wait_for_job: number 5 is the agent's root, and 4 the job's. root's own groups are those of this process already; others
# are taken as enter.sh does.
wait_for_job() {
  local agent=/proc/self/fd/5 groups stdin
  echo waits >$agent$lane/room
  { read -r uid groups stdin && IFS= read -r home; } <$agent$lane/go || refuse 125
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
# A tool that this busybox lacks is none of the image's.
PATH=/nonexistent
. /proc/self/fd/6
[ -z "$waits" ] || wait_for_job
. /proc/self/fd/7
# What follows goes where the job says. No folder of the agent's is open any more: a path could lead through it.
exec 3</proc/self/fd/5/berth/execute 4</proc/self/fd/5/berth/refused.sh 5<"$busybox"

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

# become_program WORD...: see execute.S. It has the user's groups already. What is too large for the kernel is so here already.
become_program() {
  trap 'refuse 126 "arguments and environment are larger than the kernel takes"' EXIT
  exec /proc/self/fd/3 "$uid" "$program" "$@"
}

# may_execute FILE: whether the user may. It has the groups already.
may_execute() { [ "$uid" = 0 ] || ("$busybox" nsenter -F -S "$uid" -- "$busybox" test -x "$1"); }

# enter NAME ARG...: what has no format of the kernel's is for a shell.
enter() {
  local script=$program
  if is_for_kernel "$script"; then
    with_env "$@"
  else
    may_execute "$script" || refuse 126 "user $uid may not execute $script"
    expect_script "$script" || refuse 126 "$why"
    shift
    program=/bin/sh
    with_env sh "$script" "$@"
  fi
}

cd -P -- "$workdir" 2>/dev/null || refuse 125
# What is outside the job's root has no path: links in /proc lead there, to what their process has.
case $PWD in /*) ;; *) refuse 125 ;; esac
with_argv find
with_argv enter
