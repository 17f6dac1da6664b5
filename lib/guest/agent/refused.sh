# Says why the kernel has not executed the job's program. execute becomes this, as the job's user, whose matter it is.
# Arguments: the program, and the number of the kernel's error.
. /proc/self/fd/5/berth/runnable.sh
exec 5<&-
[ -e "$1" ] || [ -L "$1" ] || refuse 127
[ -x "$1" ] || refuse 126 "user $(id -u) may not execute $1"
expect_runnable "$1" || refuse 126 "$why"
case $2 in
7) refuse 126 "arguments and environment are larger than the kernel takes" ;;
26) refuse 126 "$1 is open for writing" ;;
*) refuse 126 "the kernel does not execute $1 (error $2)" ;;
esac
