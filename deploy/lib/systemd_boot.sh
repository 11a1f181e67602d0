#!/usr/bin/env bash
# usage: systemd_boot.sh DIRECTORY, as the first process of namespaces of its own
# Makes DIRECTORY/root a copy of this machine whose changes go to memory, and becomes its systemd, with no unit but those in
# DIRECTORY/units and what is installed below /usr/local. The network is the one outside, so that servers there can be reached; the
# right to change it is given away, and so is every other that reaches out of the namespaces.
set -euo pipefail

work=$1
root=$work/root
mkdir -p "$root" "$work/upper" "$work/scratch"
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/scratch" "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
for node in null zero full random urandom tty; do
  touch "$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mkdir -p "$root/run/systemd/system" "$root/run/lab" "$root/var/log/journal"
cp "$work/units/"* "$root/run/lab/"
# Not chroot: systemd moves mounts over the root of each service, which must be the root of everything for that.
mkdir "$root/run/outside"
cd "$root"
pivot_root . run/outside
umount --lazy /run/outside
rmdir /run/outside
# systemd does this by itself but in a container; without it credentials never arrive in the service.
mount --make-rshared /
exec setpriv --bounding-set -net_admin,-net_raw,-sys_module,-sys_time,-sys_boot,-sys_rawio,-syslog,-mac_admin,-mac_override \
  /usr/bin/env -i container=lab PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  SYSTEMD_UNIT_PATH=/run/lab:/usr/local/lib/systemd/system SYSTEMD_GENERATOR_PATH=/nonexistent \
  "$(realpath /lib/systemd/systemd)" --system --unit=lab.target --log-target=journal-or-kmsg --show-status=no
