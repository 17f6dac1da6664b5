#!/bin/sh
# Without its program the daemon can do nothing. Jobs that run go on to their end.
set -e

if [ "$1" = remove ] && [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop berth.service >/dev/null || true
fi
