# Says why the kernel has not executed the job's program. execute becomes this, as the job's user, whose matter it is.
# Arguments: the program, and the number of the kernel's error.
. /proc/self/fd/6
exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&-
# A tool that this busybox lacks is none of the image's.
PATH=/nonexistent
case $2 in
2 | 20) [ -e "$1" ] || [ -L "$1" ] || refuse 127 ;;
7) refuse 126 "arguments and environment are larger than the kernel takes" ;;
13) [ -x "$1" ] || refuse 126 "user $(id -u) may not execute $1" ;;
26) refuse 126 "$1 is open for writing" ;;
esac
expect_runnable "$1" || refuse 126 "$why"
refuse 126 "the kernel does not execute $1 (error $2)"
