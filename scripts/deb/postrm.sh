#!/bin/sh
# After the package is gone. `apt remove` keeps what berth has and what it was told, as Debian's packages do; `apt purge`
# leaves nothing of it, or nothing but /var/lib/berth when that has a file .keep in it.
set -e

if [ "$1" = remove ] && [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
fi
if [ "$1" = purge ]; then
  # Windows are mounted on /run/berth, and in a unit that folder itself.
  running=$(grep -ls ' /run/berth ' /proc/[0-9]*/mountinfo | tr -dc '0-9\n' | tr '\n' ' ') || true
  if [ "$running" ]; then
    echo "berth: it is running (processes ${running% }); purge the package when that has ended" >&2
    exit 1
  fi
  rm -rf /etc/berth
  # What `systemctl enable` has made of the package's unit; an operator's own is the operator's.
  enabled=/etc/systemd/system/multi-user.target.wants/berth.service
  case $(readlink "$enabled" || true) in /lib/* | /usr/lib/*) rm "$enabled" ;; esac
  if [ -e /var/lib/berth/.keep ]; then
    echo "berth: /var/lib/berth stays, as it has a file .keep"
  else
    rm -rf --one-file-system /var/lib/berth
  fi
  rmdir /run/berth 2>/dev/null || true
  # Locks of users that nobody holds any more.
  rm -rf /run/berth-users
fi
