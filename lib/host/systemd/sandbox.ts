/**
 * What berth's services may see and do: the windows of a berth that systemd starts. Lines of `[Service]` sections. Pure.
 *
 * @module
 */

/** For both. */
const COMMON =
  `# What it sees of the host it can't change, but for its own part of the cgroup tree, the state folder and its locks.
ProtectSystem=strict
ProtectHome=tmpfs
PrivateTmp=yes
ProtectControlGroups=yes
ReadWritePaths=-/sys/fs/cgroup/berth.slice/%n
RuntimeDirectory=berth berth-users
RuntimeDirectoryMode=0711
RuntimeDirectoryPreserve=yes
UMask=0022

NoNewPrivileges=yes
ProtectKernelTunables=yes
ProtectKernelLogs=yes
ProtectClock=yes
ProtectHostname=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
DevicePolicy=closed
`;

/** Settings of the daemon's unit, which tidies up. */
export const DAEMON_SANDBOX = `${COMMON}
# What it may do: mounts for its windows, and words to systemd in its own name (SYS_ADMIN); and it takes away what VMMs
# have left, each of which was a user of its own (DAC_OVERRIDE, FOWNER).
CapabilityBoundingSet=CAP_SYS_ADMIN CAP_DAC_OVERRIDE CAP_FOWNER
ProtectKernelModules=yes
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
RestrictNamespaces=mnt
SystemCallFilter=@system-service @mount
`;

/** Settings of the units of jobs. */
export const JOB_SANDBOX = `${COMMON}
# Jobs that are given more: DeviceAllow=PATH rwm in a drop-in (m: berth makes a node for each VM).
DeviceAllow=/dev/kvm rwm

# What it may do: namespaces and mounts for windows and jails (SYS_ADMIN, NET_ADMIN), a user for each VMM (SETUID,
# SETGID, SETPCAP), who gets files and nodes that are made for it (CHOWN, FOWNER, MKNOD), what is copied in or taken away
# again whoever it belongs to (DAC_READ_SEARCH, DAC_OVERRIDE, KILL). ProtectKernelModules= would hide the modules that guests get; without
# SYS_MODULE nobody can load one. The network is for images that have to be made.
CapabilityBoundingSet=CAP_SYS_ADMIN CAP_NET_ADMIN CAP_SETUID CAP_SETGID CAP_SETPCAP
CapabilityBoundingSet=CAP_CHOWN CAP_FOWNER CAP_MKNOD CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_KILL
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=mnt pid net ipc uts cgroup
# QEMU's own sandbox, and the jail's.
SystemCallFilter=@system-service @mount seccomp
`;
