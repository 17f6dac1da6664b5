# Turns into the job: its own view of the machine, then groups, chroot, and the rest in exec.sh, which waits there for a job
# if there is none yet.
[ "$waits" ] || echo $$ >$lane/job.pid
echo 0 >/proc/self/oom_score_adj
# As systemd and container runtimes have it: more is there for who asks, and select(2) works for who doesn't.
ulimit -n 524288
ulimit -Sn 1024
ulimit -u unlimited
cd /newroot
mount -t proc proc proc
mount -t sysfs -o ro sys sys
mount -t tmpfs -o mode=0755,nosuid dev dev
for device in null zero full random urandom tty; do
  : >dev/$device
  mount --bind /dev/$device dev/$device
done
mkdir dev/pts dev/shm dev/mqueue dev/.berth
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 pts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev shm dev/shm
mount -t mqueue -o nosuid,nodev,noexec mqueue dev/mqueue 2>/dev/null || rmdir dev/mqueue
ln -s pts/ptmx dev/ptmx
ln -s /proc/kcore dev/core
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
# Standard output and error are everybody's already.
[ ! -p /proc/self/fd/0 ] || chmod 666 /proc/self/fd/0
# The image may hold no program that we could trust or even use, so our own busybox goes along.
: >dev/.berth/busybox
mount --bind /bin/busybox dev/.berth/busybox
# See write_identity.
mount --bind $lane/identity /etc
mount --move . /
# For exec.sh. / is the agent's still for whoever has not gone to the job's root.
exec 4<. 5</ 6</berth/runnable.sh 8</berth/exec.sh
[ "$waits" ] || exec 7<$lane/request
exec start-stop-daemon -S -p /nonexistent -c root -x /bin/busybox -a chroot -- . /dev/.berth/busybox sh /proc/self/fd/8
