# Hands files of the job's root over to the host: one tar, in which the folder N holds, or the file N is, the N-th
# artifact, on the port that run_job has opened. The host trusts not a byte of it. Says which ones are not there, and what
# is not in the tar.

# It runs in a mount namespace of its own, in which the artifacts are bound next to each other.
. /berth/paths.sh
. $lane/request
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
# What it can't take along it names, and goes on. Whether the archive is whole, the host sees.
tar -C /collect -c -f - $there 2>$lane/left >&8
head -n 20 $lane/left | while IFS= read -r line; do
  # A path may be longer than a line to the host; what is wrong with it stands at the end.
  [ ${#line} -le 2000 ] || line=$(printf '%.2000s...: %s' "$line" "${line##*: }")
  echo "left $(printf %s "$line" | base64 -w 0)"
done
count=$(wc -l <$lane/left)
[ "$count" -le 20 ] || echo "left $(printf 'and %s more' $((count - 20)) | base64 -w 0)"
