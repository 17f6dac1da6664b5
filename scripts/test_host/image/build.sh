#!/bin/sh
# Builds the root image of the test host from Debian packages: OUT/root.img and OUT/vmlinuz.
#
#   build.sh OUT
#
# OUT/sources.list and OUT/apt-options come from the caller, who reads them from this host's own apt
# configuration: so neither a mirror nor a proxy is written down anywhere.
# Runs in mount and PID namespaces of its own (see runScript() of ../child.ts), hence has nothing to unmount.
set -eu

out=$1
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
# What is killed half-way leaves its temporary files where the caller clears up.
export TMPDIR="$out"
# Room for the images and jobs of the berth under test; sparse, so it costs nothing until it is used.
size=6G

packages=$(sed 's/#.*//' "$here/packages.txt" | tr -s ' \n' ',')

set -- --mode=root --format=directory --variant=essential \
  --include="$packages" \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook="sh '$here/customize.sh' \"\$1\""
while read -r option; do
  set -- "$@" --aptopt="$option"
done <"$out/apt-options"

# The empty suite name: the source lines name their suites themselves.
mmdebstrap "$@" '' "$out/root" "$out/sources.list"

cp "$out"/root/boot/vmlinuz-* "$out/vmlinuz"
truncate -s "$size" "$out/root.img"
# No journal: each boot writes to a snapshot that is thrown away.
mkfs.ext4 -q -F -m 0 -L test-host -O ^has_journal -E lazy_itable_init=1 -d "$out/root" "$out/root.img"
rm -rf "$out/root" "$out/sources.list" "$out/apt-options"
