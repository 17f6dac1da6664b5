#!/bin/sh
# Assembles a program of berth's, lib/vmm/qemu/probe.S or one of lib/guest/programs, and prints it in hexadecimal, 32
# bytes a line.
set -eu
[ $# -eq 1 ] || { echo "usage: assemble.sh FILE.S" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
as --64 -I "$(dirname "$1")" -o "$work/program.o" "$1"
# What the code calls an address, it reckons from its own beginning.
ld -m elf_x86_64 -Ttext 0 --oformat binary -o "$work/program" "$work/program.o"
od -An -v -tx1 -w32 "$work/program" | tr -d ' '
