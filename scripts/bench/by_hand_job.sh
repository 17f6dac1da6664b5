# The job of by_hand.sh and by_hand_clone.sh, when their guest can be asked who it is: 3 is what its agent says, 4 is what it
# hears, and $qemu the process. Reading ends when QEMU ends.
printf "%s" "$WHO" >&4
read -r hello <&3
printf "%s" "$REQUEST" >&4
read -r started <&3
read -r ended how status rest <&3
kill $qemu
wait $qemu || :
trap - EXIT

[ "$ended $how" = "exited code" ] && exit "$status"
echo "$hello, $started, $ended $how $status $rest" >&2
exit 125
