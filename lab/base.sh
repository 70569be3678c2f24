#!/bin/bash
# Builds the root tree that lab hosts share as their lower layer. Usage: base.sh RELEASE TARGET
# RELEASE: debian-11, debian-12, debian-13 or el-9 (an RPM-family host made of Debian's rpm and dnf).
# The mirror is whatever this machine's apt uses. Runs as root; TARGET must not exist.
set -euo pipefail
release=$1 target=$2
suite=bookworm extra=
case $release in
  debian-11) suite=bullseye extra=,python2.7,python2.7-minimal ;;
  debian-12) ;;
  debian-13) suite=trixie ;;
  el-9) extra=,rpm,dnf ;;
  *) echo "cannot build $release: known are debian-11, debian-12, debian-13, el-9" >&2; exit 2 ;;
esac
mirror=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -E '/debian/?$' | head -n 1 || true)
packages=systemd,systemd-sysv,dbus,ca-certificates,python3,iproute2,procps,iputils-ping,netbase,openssh-server,curl$extra
mmdebstrap --quiet --variant=minbase --include=$packages \
  --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Check-Valid-Until "false"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' "$suite" "$target" ${mirror:+"$mirror"}

# Units that have no work, or no right to do it, in a host that shares the machine's kernel.
for unit in sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount sys-fs-fuse-connections.mount \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  systemd-tmpfiles-clean.timer getty@tty1.service console-getty.service systemd-timesyncd.service \
  systemd-modules-load.service systemd-random-seed.service systemd-firstboot.service systemd-udevd.service \
  systemd-udev-trigger.service; do
  ln -sf /dev/null "$target/etc/systemd/system/$unit"
done
mkdir -p "$target/etc/systemd/journald.conf.d" "$target/etc/systemd/system/ssh.service.d"
printf '[Journal]\nStorage=volatile\nRuntimeMaxUse=8M\n' > "$target/etc/systemd/journald.conf.d/lab.conf"
# Each host makes host keys of its own at its first boot.
printf '[Service]\nExecStartPre=\nExecStartPre=/bin/mkdir -p /run/sshd\nExecStartPre=/usr/bin/ssh-keygen -A\nExecStartPre=/usr/sbin/sshd -t\n' \
  > "$target/etc/systemd/system/ssh.service.d/lab.conf"
rm -f "$target"/etc/ssh/ssh_host_* "$target/var/lib/dbus/machine-id"
: > "$target/etc/machine-id"
: > "$target/etc/resolv.conf"

if [ "$release" = el-9 ]; then
  rm -f "$target/etc/os-release" "$target/etc/debian_version"
  cat > "$target/etc/os-release" <<'OS'
NAME="Lab Enterprise Linux"
ID="label"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
VERSION="9.4 (Lab)"
PRETTY_NAME="Lab Enterprise Linux 9.4"
OS
  for tool in dpkg apt apt-get apt-cache dpkg-query; do
    if [ -e "$target/usr/bin/$tool" ]; then mv "$target/usr/bin/$tool" "$target/usr/lib/hidden-$tool"; fi
  done
fi
