#!/bin/sh
# Assembles lib/vmm/qemu/probe.S and prints its machine code in hexadecimal, 32 bytes a line.
set -eu
cd "$(dirname "$0")/../lib/vmm/qemu"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
as --64 -o "$work/probe.o" probe.S
ld -m elf_x86_64 -Ttext 0 --oformat binary -o "$work/probe.bin" "$work/probe.o"
od -An -v -tx1 -w32 "$work/probe.bin" | tr -d ' '
