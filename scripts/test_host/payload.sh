#!/bin/sh
# Packs what the test host runs into an ext4 image, without mounting anything.
#
#   payload.sh PROJECT WORK DENO DENO_DIR BINARY
#
# PROJECT   the tree under test: its tracked and untracked files, or all of it where there is no git
# WORK      has a folder payload/ with what the caller has put there; gets payload.img
# DENO      the Deno binary to run inside
# DENO_DIR  a cache of our own for the packages that the tree needs; filled from the registry where
#           something is missing, so that a second run needs no network
# BINARY    the compiled berth for the tests that need one; empty: there is none
set -eu

project=$1 work=$2 deno=$3 deno_dir=$4 binary=$5
PATH=$PATH:/usr/sbin:/sbin
# Sparse. Room for Deno's own caches and for what tests write next to the project.
size=3G

list_files() {
  cd "$project"
  if [ -e .git ] && command -v git >/dev/null; then
    # safe.directory: in CI the checkout often belongs to somebody else than root.
    git -c safe.directory='*' ls-files -z --cached --others --exclude-standard -x .test-host |
      sort -zu >"$work/known"
    git -c safe.directory='*' ls-files -z --deleted | sort -zu >"$work/gone"
    comm -z -23 "$work/known" "$work/gone"
  else
    find . \( -name node_modules -o -name .git -o -name .test-host \) -prune -o ! -type d -print0
  fi
}

payload=$work/payload
mkdir -p "$payload/project" "$deno_dir"
list_files >"$work/files"
tar -C "$project" --null --no-recursion -T "$work/files" -cf - | tar -C "$payload/project" -xf -
cp "$deno" "$payload/deno"
if [ "$binary" ]; then cp "$binary" "$payload/berth"; fi

# In the copy, so that neither a lock file nor node_modules appears in the tree under test.
(cd "$payload/project" && DENO_DIR=$deno_dir "$deno" install --quiet)
mkdir "$payload/deno_dir"
# Packages only: the caches beside them belong to this host's paths.
for part in npm remote; do
  if [ -d "$deno_dir/$part" ]; then cp -a "$deno_dir/$part" "$payload/deno_dir/"; fi
done

truncate -s "$size" "$work/payload.img"
mkfs.ext4 -q -F -m 0 -L payload -O ^has_journal -E lazy_itable_init=1 -d "$payload" "$work/payload.img"
rm -rf "$payload"
