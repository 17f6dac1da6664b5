/**
 * Root file systems and a kernel to import: made of Debian's packages, once for a test file.
 *
 * @module
 */

import { SCRATCH, shell } from "./berth.ts";

/** A folder below which a root's tar and images of it are, gone when it is disposed. */
export interface Roots extends AsyncDisposable {
  readonly folder: string;
  /** Arguments for a kernel that is there already, so that no import downloads one. */
  readonly kernel: readonly string[];
}

/** Everything below `$1`. */
const KERNEL_SCRIPT = `
  mkdir -p "$1/kernel"
  cd "$1/kernel"
  name=$(apt-cache --no-all-versions show linux-image-cloud-amd64 |
    sed -n 's/^Depends:.*\\(linux-image-[0-9][^ ,]*\\).*/\\1/p' | head -n 1)
  apt-get -qq -o APT::Sandbox::User=root download "$name"
  dpkg-deb -x linux-image-*.deb .
  rm linux-image-*.deb
  ls "$1"/kernel/boot/vmlinuz-*`;

/** Debian's minbase, and in it what shows what an import keeps. */
const ROOT_SCRIPT = `
  sources=$(apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    grep bookworm | sort -u)
  mmdebstrap --quiet --variant=minbase --format=tar bookworm "$1/root.tar" "$sources" --customize-hook='
    echo first >"$1/srv/file"
    ln "$1/srv/file" "$1/srv/linked"
    chown 1234:5678 "$1/srv/file"
    setcap cap_net_raw+ep "$1/srv/file"
    ln -s /etc "$1/srv/leads-out"
    echo gone >"$1/srv/gone"' --include=libcap2-bin
  zstd -q "$1/root.tar"`;

/** The kernel of Debian's package, unpacked by hand: its modules stand beside it. */
export async function makeKernel(name: string): Promise<Roots> {
  const folder = `${SCRATCH}/${name}`;
  await shell('rm -rf "$1" && mkdir -p "$1"', folder);
  const image = (await shell(KERNEL_SCRIPT, folder)).trim();
  return {
    folder,
    kernel: ["--kernel", image],
    [Symbol.asyncDispose]: async () => void await shell('rm -rf "$1"', folder),
  };
}

/** The kernel, `root.tar` and `root.tar.zst`. */
export async function makeRoots(name: string): Promise<Roots> {
  const roots = await makeKernel(name);
  await shell(ROOT_SCRIPT, roots.folder);
  return roots;
}
