# Puts the sources into an empty folder, checks their types, and gets the packages that they import.
# Arguments: the folder, deno.
set -eu
stage=$1 deno=$2
rm -rf "$stage"
mkdir -p "$stage/sources"
cp -R main.ts lib deno.json deno.lock "$stage/sources"
cd "$stage/sources"
"$deno" check --quiet --frozen --unstable-raw-imports main.ts
"$deno" install --quiet --frozen --node-modules-dir=auto --entrypoint main.ts
