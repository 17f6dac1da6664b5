#!/bin/sh
# Unpacks what a run has left behind into a folder: the guest's tar and the logs of this side.
#
#   collect.sh check FOLDER        may FOLDER be replaced?
#   collect.sh unpack WORK FOLDER
set -eu

# Our mark in a folder that we made, so that a mistyped path never costs anybody's files.
mark=.test-host-results

case $1 in
  check)
    if [ -e "$2" ] && [ ! -e "$2/$mark" ] && [ -n "$(ls -A "$2")" ]; then
      echo "$2 holds other things than test host results: name a new or an empty folder" >&2
      exit 1
    fi
    ;;
  unpack)
    work=$2 folder=$3
    rm -rf "$folder"
    mkdir -p "$folder"
    : >"$folder/$mark"
    cp "$work/console.log" "$work/output.log" "$folder/"
    # Zeros only, where the guest never came to write: an empty archive to tar.
    tar -C "$folder" --no-same-owner --no-same-permissions -xf "$work/results.img"
    ;;
esac
