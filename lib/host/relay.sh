# The way to a descriptor that the caller has open, and has named: a FIFO among the windows, and a program that copies it
# there. So neither the host process nor what it starts ever has the descriptor. For windows.sh, which has `$run` and
# `$self`; the descriptor is number 3.

# What is at the other end of NAME.end ends with the program: it tells when everything is delivered, or never will be.
open_descriptor() { # NAME
  relay=$1
  mkfifo -m 0600 "$self/$1" "$self/$1.end"
}
relay=

# A reader may be slow, or never read: the program does not outlive the host process for that. Whoever ties itself to its
# parent may be too late for it.
copy_on='[ "$PPID" = "$1" ] && exec cat >&3 3>&- 2>/dev/null 4<>"$2.end" <"$2"'

# By a shell that is about to become the host process.
start_relay() {
  if [ "$relay" ]; then setpriv --pdeathsig KILL sh -c "$copy_on" berth-relay $$ "$run/self/$relay" & fi
  exec 3>&-
}
