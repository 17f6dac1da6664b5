# Asks what only the caller's own user can find out, then enters namespaces of berth's own.
# Arguments: the options of unshare, whether systemd is asked about the caller's unit (`ask` or `-`), the programs that
# are to be there, the descriptor that is handed on (or `-`), the command.
set -eu
# What the caller has open beside these three is nobody's below: a folder among it would be a way out of every jail. What
# is handed on becomes number 3, which relay.sh gives away. This shell may know numbers of one digit only.
large= handed=$4
for file in /proc/self/fd/*; do
  case ${file##*/} in
  [012] | "$handed") ;;
  [3-9]) eval "exec ${file##*/}>&-" ;;
  *) large=yes ;;
  esac
done
case $handed in
- | 3) ;;
[4-9]) eval "exec 3>&$handed $handed>&-" && handed=3 ;;
*) large=yes ;;
esac
# By its path: busybox would take itself for sh.
close_large='last=2
  case $1 in -) ;; 3) last=3 ;; *) eval "exec 3>&$1" && last=3 ;; esac
  for file in /proc/self/fd/*; do number=${file##*/}; [ "$number" -le $last ] || eval "exec $number>&-"; done
  shift 2 && exec /bin/sh "$@"'

lacks() {
  echo "berth: the program $1 is not on this host (as root on Debian or Ubuntu, \`berth setup\` installs it)" >&2
  exit 125
}

set -f
namespaces=$1 ask=$2 programs=$3
shift 4
if [ "$large" ]; then
  command -v busybox >/dev/null || lacks busybox
  set -- busybox sh -c "$close_large" berth-close "$handed" "$@"
fi

# Whether the unit that this process is in was given its part of the cgroup tree: `yes`, `no`, or nothing. Nobody
# else knows: root may write everywhere in the tree, and systemd undoes what was written where it did not delegate.
delegated() {
  own=
  while IFS= read -r line; do case $line in 0::*) own=${line#0::} ;; esac; done </proc/self/cgroup
  unit= manager= below=
  IFS=/
  for part in $own; do
    # systemd puts a _ before a name that would be a file of the kernel's.
    part=${part#_}
    case $part in
    user@*.service) unit=$part manager= below=--user ;;
    *.service | *.scope) unit=$part manager=$below ;;
    esac
  done
  unset IFS
  [ "$unit" ] || return 0
  # The environment is berth's own and has no bus of the user's; this is where systemd puts it.
  XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl $manager show --property=Delegate --value -- "$unit" 2>/dev/null || true
}

BERTH_DELEGATED=
if [ "$ask" = ask ] && [ -d /run/systemd/system ]; then BERTH_DELEGATED=$(delegated); fi
export BERTH_DELEGATED

for program in $programs; do
  command -v $program >/dev/null || lacks $program
done
# Tried first: the status of an unshare that fails must not look like the job's. Root of a container may lack the right to
# mount, and still have that of users: to make a user namespace in which it has it.
if ! words=$(unshare $namespaces true 2>&1); then
  as_user="--user --map-root-user --mount"
  if [ "$namespaces" = "$as_user" ] || ! unshare $as_user true 2>/dev/null; then
    echo "berth: no namespaces can be made here: ${words#unshare: } (berth doctor says what to do)" >&2
    exit 125
  fi
  namespaces=$as_user
  export BERTH_AS_USER=yes
fi
# The host process must not outlive the process that was started by the user: TERM makes it end its VM and clean up. What
# makes its windows must not, either: a path of the user's may take for ever.
exec unshare $namespaces -- setpriv --pdeathsig TERM -- "$@"
