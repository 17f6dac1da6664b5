# Builds the package by Debian's own tools, the same bytes from the same input.
#
# Arguments: the binary; a folder with the texts, in which the package's tree is made; the folder of this script, with
# the texts that are always the same; where the package goes. SOURCE_DATE_EPOCH is the time of everything in it.
set -eu
umask 022
command -v dpkg-shlibdeps >/dev/null || { echo "deb: install the package dpkg-dev" >&2; exit 1; }
binary=$1 texts=$2 fixed=$3 package=$4
root=$texts/debian/berth

put() { # MODE SOURCE TARGET
  install -D -m "$1" -- "$2" "$root/$3"
}

pack() { # SOURCE TARGET
  put 644 "$1" "$2"
  gzip -9n -- "$root/$2"
}

put 755 "$binary" usr/bin/berth
put 644 "$texts/berth.bash" usr/share/bash-completion/completions/berth
put 644 "$texts/berth.zsh" usr/share/zsh/vendor-completions/_berth
put 644 "$texts/berth.fish" usr/share/fish/vendor_completions.d/berth.fish
for page in "$texts"/man/*; do pack "$page" "usr/share/man/man${page##*.}/${page##*/}"; done
pack "$texts/debian/changelog" usr/share/doc/berth/changelog
put 644 "$fixed/copyright" usr/share/doc/berth/copyright
put 644 "$fixed/lintian-overrides" usr/share/lintian/overrides/berth
for unit in berth.service berth-run@.service; do put 644 "$texts/$unit" "usr/lib/systemd/system/$unit"; done
for script in postinst prerm postrm; do put 755 "$fixed/$script.sh" "DEBIAN/$script"; done

(cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$texts/md5sums"
put 644 "$texts/md5sums" DEBIAN/md5sums
cd "$texts"
# Not a word about libraries that Deno could do without.
dpkg-shlibdeps --warnings=1 -Tdebian/substvars debian/berth/usr/bin/berth
dpkg-gencontrol -pberth -Pdebian/berth -Tdebian/substvars
# Ubuntu's dpkg would choose another compression than Debian's.
dpkg-deb --root-owner-group -Zxz --build "$root" "$texts/berth.deb"
mv -- "$texts/berth.deb" "$package"
