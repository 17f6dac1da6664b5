#!/bin/sh
# mmdebstrap's customize hook: turns the unpacked packages in ROOT into a machine that boots straight
# into our unit.
#
#   customize.sh ROOT
set -eu

root=$1
here=$(cd "$(dirname "$0")" && pwd)

# The kernel is unpacked by hand: installed as a package it would draw in initramfs-tools and build an
# initramfs that nothing here needs. It stays in /boot with its modules, so that a berth in the test host
# can build the image of its own microVMs from it.
install_kernel() {
  work=$(mktemp -d)
  (
    cd "$work"
    export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
    meta=linux-image-cloud-$(dpkg --print-architecture)
    package=$(apt-cache depends "$meta" | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
    [ -n "$package" ] || { echo "no kernel package behind $meta" >&2; exit 1; }
    apt-get -qq -o APT::Sandbox::User=root download "$package"
    # Not straight into ROOT: a /lib in the package would replace the /lib symlink of a merged /usr.
    mkdir files
    dpkg-deb -x ./*.deb files
  )
  cp -a "$work"/files/boot/. "$root/boot/"
  mkdir -p "$root/usr/lib/modules"
  cp -a "$work"/files/lib/modules/. "$root/usr/lib/modules/"
  rm -rf "$work"
  # A kernel package that is only unpacked has no modules.dep.
  for modules in "$root"/usr/lib/modules/*; do
    depmod -b "$root" "${modules##*/}"
  done
}

# A fixed identity: an empty machine-id means "first boot", with presets and a wizard that waits for ever.
set_identity() {
  echo 6b57e1c0a9d84f2e8c3b7a5d90f1e264 >"$root/etc/machine-id"
  echo test-host >"$root/etc/hostname"
  printf '127.0.0.1 localhost test-host\n::1 localhost\n' >"$root/etc/hosts"
  : >"$root/etc/fstab"
  # The machine has no network, and the names of this host's mirrors are nobody's business.
  rm -f "$root/etc/apt/sources.list" "$root"/etc/apt/sources.list.d/* "$root/etc/resolv.conf"
  rm -f "$root/etc/apt/apt.conf.d/99mmdebstrap"
}

# Slow, periodic or interactive units that a machine of one minute has no use for.
mask_units() {
  for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer getty.target ldconfig.service modprobe@.service \
    dev-hugepages.mount proc-sys-fs-binfmt_misc.automount sys-kernel-debug.mount \
    sys-kernel-tracing.mount systemd-ask-password-console.path systemd-ask-password-wall.path \
    systemd-firstboot.service systemd-journal-catalog-update.service systemd-journal-flush.service \
    systemd-machine-id-commit.service systemd-pcrphase.service systemd-pcrphase-sysinit.service \
    systemd-random-seed.service systemd-sysusers.service systemd-update-done.service \
    systemd-update-utmp.service systemd-update-utmp-runlevel.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
  done
  # Generators look for disks, swap and old init scripts to make units of; each costs 0.1 s when emulated.
  mkdir -p "$root/etc/systemd/system-generators"
  for generator in "$root"/usr/lib/systemd/system-generators/*; do
    ln -sf /dev/null "$root/etc/systemd/system-generators/${generator##*/}"
  done
}

install_unit() {
  install -D -m 0755 "$here/start.sh" "$root/usr/local/lib/test-host/start.sh"
  install -m 0644 "$here/test-host.service" "$root/etc/systemd/system/test-host.service"
  mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
  ln -sf ../test-host.service "$root/etc/systemd/system/multi-user.target.wants/test-host.service"
  ln -sf /srv/test-host/deno "$root/usr/local/bin/deno"
  mkdir -p "$root/srv/test-host"
}

install_kernel
set_identity
mask_units
install_unit
