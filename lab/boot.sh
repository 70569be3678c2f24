#!/bin/bash
# First program inside a lab host's namespaces: mounts its root and becomes its init. Args: NAME IP BASE DIR
set -e
name=$1 address=$2 base=$3 dir=$4 root=$4/root
mount -t overlay "lab-$name" -o "lowerdir=$base,upperdir=$dir/up,workdir=$dir/work,userxattr" "$root"
cd "$root"
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755,nosuid,size=64k,nr_inodes=2k tmpfs dev
for node in null zero full random urandom tty; do : > dev/$node; mount --bind /dev/$node dev/$node; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
mount -t tmpfs -o mode=755,nosuid,nodev,size=64m tmpfs run
# Every host and every boot has a boot id of its own, as a real server has; else all would show the machine's.
cat /proc/sys/kernel/random/uuid > run/.boot_id
mount -o bind proc/sys/net proc/sys/net
mount -o bind proc/sys proc/sys
mount -o bind proc/sys/net proc/sys/net
mount -o remount,ro,bind proc/sys
mount --bind run/.boot_id proc/sys/kernel/random/boot_id
hostname "$name"
echo "$name" > etc/hostname
printf '127.0.0.1 localhost\n%s %s\n198.18.0.1 controller\n' "$address" "$name" > etc/hosts
mkdir -p .old
pivot_root . .old
umount -l /.old
rmdir /.old 2>/dev/null || true
exec </dev/null >/dev/null 2>&1
exec env -i container=lab PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
  /lib/systemd/systemd --log-target=journal --show-status=0 --unit=multi-user.target
