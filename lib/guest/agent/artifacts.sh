# Hands files of the job's root over to the host: one tar, in which the folder N holds, or the file N is, the N-th
# artifact, on the port that run_job has opened. The host trusts not a byte of it. Says which ones are not there.

# It runs in a mount namespace of its own, in which the artifacts are bound next to each other.
. /berth/paths.sh
. /run/collect.sh
mkdir /collect
index=0 there=
for path; do
  if inside "$path" && [ -e "/newroot$inside" ]; then
    if [ -d "/newroot$inside" ]; then mkdir /collect/$index; else : >/collect/$index; fi
    mount -o rbind "/newroot$inside" /collect/$index || exit
    there="$there $index"
  else
    echo "missing $index"
  fi
  index=$((index + 1))
done
[ "$there" ] || exit 0
tar -C /collect -c -f - $there >&8
