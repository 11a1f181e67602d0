# shellcheck shell=bash
# Debian packages: installs what is missing and asks for root rights only then.

# packages_missing NAME…: prints those that are not installed.
packages_missing() {
  local name
  for name in "$@"; do
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s\n' "$name"
  done
}

# packages_as_root COMMAND…: as root, by sudo when we are not; fails when that is not allowed.
packages_as_root() {
  if is_root; then
    "$@"
  elif have sudo && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  elif have sudo && [ -t 0 ]; then
    sudo "$@"
  else
    return 1
  fi
}

packages_apt() {
  packages_as_root env DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet --yes -o DPkg::Lock::Timeout=120 "$@" \
    >>"$HB_LOCAL/log/packages.log" 2>&1 </dev/null
}

# packages_install NAME…: a list of packages that is old or absent shows in a failed first try.
packages_install() {
  mkdir -p "$HB_LOCAL/log"
  packages_apt install --no-install-recommends "$@" ||
    { packages_apt update && packages_apt install --no-install-recommends "$@"; }
}

# packages_need NAME…: all of them, or an error with the line to run by hand.
packages_need() {
  local missing
  have dpkg-query || { warn "This is not Debian; make sure that you have the like of: $*" && return 0; }
  mapfile -t missing < <(packages_missing "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0
  if ! is_root && [ -t 0 ]; then progress "Installing packages needs root rights; sudo may ask for your password."; fi
  progress "Installing Debian packages: ${missing[*]}"
  packages_install "${missing[@]}" ||
    die "Cannot install packages. Run this as root, then try again:  apt-get update && apt-get install --yes ${missing[*]}  (details: $HB_LOCAL/log/packages.log)"
}

# packages_try NAME…: those that would be good to have; no error without them.
packages_try() {
  local missing
  have dpkg-query || return 0
  mapfile -t missing < <(packages_missing "$@")
  [ "${#missing[@]}" -eq 0 ] || { ! is_root && ! sudo -n true 2>/dev/null; } || packages_install "${missing[@]}" || true
}

# packages_for_build: what the Swift package links with, and the tools of these scripts.
packages_for_build() {
  local wanted=(libpq-dev libwebsockets-dev libssl-dev libsqlite3-dev zlib1g-dev g++ pkg-config openssl ca-certificates git util-linux)
  have curl || wanted+=(curl)
  python_find 3.13 3.12 3.11 >/dev/null || wanted+=(python3-venv)
  packages_need "${wanted[@]}"
  # The private PostgreSQL brings a psql of its own, for those who may not install one.
  have psql || packages_try postgresql-client
}

# packages_add_postgres: Debian's server with pgvector, where this Debian has it and lets us install it. Its package would
# start a cluster of its own on port 5432, which nobody has asked for.
packages_add_postgres() {
  local rules=/etc/postgresql-common/createcluster.d/ha-bridge.conf
  have apt-cache || return 1
  grep -q 'Candidate: [0-9]' <<<"$(LC_ALL=C apt-cache policy postgresql-17-pgvector 2>/dev/null)" || return 1
  is_root || { have sudo && sudo -n true 2>/dev/null; } || return 1
  progress "Installing Debian's PostgreSQL 17 with pgvector"
  packages_as_root sh -c "mkdir -p ${rules%/*} && echo 'create_main_cluster = false' >$rules" || return 1
  packages_install postgresql-17 postgresql-17-pgvector && packages_as_root rm -f "$rules" && return 0
  packages_as_root rm -f "$rules"
  return 1
}
