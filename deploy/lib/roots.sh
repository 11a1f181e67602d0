# shellcheck shell=bash
# Roots of a Debian, for checks that run in place of a fresh machine or an image; lib/in-root runs commands in them. As root.
#
#   root_base CACHE SUITE       makes a minimal Debian, once a week; sets base to its directory, which holds root/
#   toolchain_directory         prints the directory of this machine's Swift, for a --bind to /opt/swift
#   checkouts_seed SEED BUILD   puts the Swift packages of one build directory into another

ROOT_MIRROR=http://deb.debian.org/debian

# root_base CACHE SUITE
root_base() {
  local suite=$2
  base=$1/base-$suite
  [ -z "$(find "$base/complete" -mtime +7 2>/dev/null)" ] || rm -rf --one-file-system "$base"
  [ ! -e "$base/complete" ] || return 0
  packages_need debootstrap
  progress "Making a root of Debian $suite"
  rm -rf --one-file-system "$base"
  mkdir -p "$base" "$HB_LOCAL/log"
  # The keys of this Debian may not know the next one; apt in the root checks with its own.
  run_logged "$HB_LOCAL/log/base-$suite.log" 900 nice -n 19 debootstrap --variant=minbase \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg "$suite" "$base/root" "$ROOT_MIRROR" ||
    die "debootstrap failed; $HB_LOCAL/log/base-$suite.log says why."
  rm -f "$base"/root/var/cache/apt/archives/*.deb
  printf 'deb %s %s main\ndeb %s %s-updates main\ndeb %s-security %s-security main\n' \
    "$ROOT_MIRROR" "$suite" "$ROOT_MIRROR" "$suite" "$ROOT_MIRROR" "$suite" >"$base/root/etc/apt/sources.list"
  : >"$base/complete"
}

toolchain_directory() {
  local toolchain
  toolchain=$(realpath "$(swift_find)")
  toolchain=${toolchain%/usr/bin/*}
  [ -n "$toolchain" ] || die "The Swift of this machine lies in /usr/bin, which cannot be bound into another root. Unpack a toolchain of swift.org."
  printf '%s\n' "$toolchain"
}

# checkouts_seed SEED BUILD: what is there stays.
checkouts_seed() {
  local part
  mkdir -p "$2"
  for part in checkouts repositories artifacts workspace-state.json; do
    [ -e "$2/$part" ] || [ ! -e "$1/$part" ] || cp -a "$1/$part" "$2/$part"
  done
}
