#!/bin/sh
# After the package is gone. `apt remove` keeps what berth has and what it was told, as Debian's packages do; `apt purge`
# leaves nothing of it, or nothing but /var/lib/berth when that has a file .keep in it.
set -e

if [ "$1" = purge ]; then
  # Its windows are on /run/berth for whoever is a berth with a job.
  running=$(grep -ls ' /run/berth ' /proc/[0-9]*/mountinfo | tr -dc '0-9\n' | tr '\n' ' ') || true
  if [ "$running" ]; then
    echo "berth: jobs are running (processes ${running% }); purge the package when they have ended" >&2
    exit 1
  fi
  rm -rf /etc/berth
  if [ -e /var/lib/berth/.keep ]; then
    echo "berth: /var/lib/berth stays, as it has a file .keep"
  else
    rm -rf --one-file-system /var/lib/berth
  fi
  rmdir /run/berth 2>/dev/null || true
  # Locks of users that nobody holds any more.
  rm -rf /run/berth-users
fi
