# Makes a guest that is nobody yet somebody's.

# set_up: all that no job decides. What is done from here to "who" is the same for every guest of its shape. The disk that
# says who the guest is is bound here already, when nothing is written on it.
set_up() {
  make_lane $lane
  open_port 3 berth.agent
  keep_disks_unbound
  [ -z "$(param root)" ] || bind_disk root
  bind_disk identity
  find_disk identity
  load panic
  set_kernel
  # A scratch disk is a job's, and what that changes of its root is to be there.
  scratch=$(param scratch)
  [ "$scratch" ] || set_up_root
  open_ports
}

set_up_root() {
  mount_root
  clear_names
  # Most jobs name no user: root is looked up already.
  user=
  resolve_user
  write_identity
  room_groups="$gid $groups"
  resolved=yes
}

# become_somebody: reads who the guest is, and says so. The host may ask more than once: guests that go on from one state
# have one nonce. Whoever is somebody stays that; while the identity is not written yet, it is nobody still.
become_somebody() {
  local serials serial status=0
  [ -z "$token" ] || return 0
  /berth/become <"$disk_identity" || status=$?
  case $status in
  0) ;;
  4) return ;;
  *) give_up "its random numbers or its clock can't be set (status $status)" ;;
  esac
  { read -r token && read -r serials; } <"$disk_identity"
  for serial in $serials; do bind_disk "$serial"; done
  say "hello $token agent"
  [ -z "$scratch" ] || set_up_root
}

# give_up WORDS: for the console, as nobody can be told yet.
give_up() {
  echo "berth: $1" >/dev/console
  reboot -f
}
