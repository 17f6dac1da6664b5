#!/bin/sh
# Says which Debian packages the test host misses on this machine. Installs nothing.
set -u
PATH=$PATH:/usr/sbin:/sbin

missing=
need() { command -v "$1" >/dev/null || missing="$missing $2"; }

if [ "$(id -u)" != 0 ]; then
  echo "the test host's image is built by root: run this as root" >&2
  exit 1
fi
if [ "$(uname -m)" != x86_64 ]; then
  echo "the test host is an x86_64 machine, and so must be this one ($(uname -m))" >&2
  exit 1
fi
need apt-get apt
need mmdebstrap mmdebstrap
need qemu-system-x86_64 qemu-system-x86
need mkfs.ext4 e2fsprogs
need depmod kmod
need unshare util-linux
if [ -n "$missing" ]; then
  echo "not installed:$missing (apt-get install$missing)" >&2
  exit 1
fi
