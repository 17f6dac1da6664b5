#!/bin/sh
# The units are there, and whether they run is the operator's: systemctl enable --now berth.service. One that runs already
# is of the version before.
set -e

if [ "$1" = configure ] && [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
  deb-systemd-invoke try-restart berth.service >/dev/null || true
fi
