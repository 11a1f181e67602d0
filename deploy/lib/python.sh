# shellcheck shell=bash
# Finds Python interpreters that really run: a version manager may leave a shim that only prints an error. Makes virtual
# environments with pinned packages.

# python_works PROGRAM LOWEST: runs, is new enough, and can make a virtual environment with pip.
python_works() {
  "$1" -c 'import sys, venv, ensurepip, ssl, sqlite3
assert sys.version_info >= tuple(map(int, sys.argv[1].split(".")))' "$2" >/dev/null 2>&1
}

# python_find VERSION…: prints the first interpreter that works. Each version is a series (3.13), or the lowest patch release
# of one (3.13.2); they are tried in the order given.
python_find() {
  local version lowest candidate
  for lowest in "$@"; do
    version=$(cut -d. -f1,2 <<<"$lowest")
    for candidate in \
      $(type -ap "python$version" || true) \
      "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version"/bin/python3 \
      "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python3; do
      if [ -x "$candidate" ] && python_works "$candidate" "$lowest"; then
        printf '%s\n' "$candidate"
        return 0
      fi
    done
  done
  return 1
}

python_version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

# python_has PYTHON NAME==VERSION…: runs, and has each package in that very version.
python_has() {
  "$1" -I -c 'import importlib.metadata, sys
for package in sys.argv[1:]:
    name, version = package.split("==")
    assert importlib.metadata.version(name.split("[")[0]) == version' "${@:2}" >/dev/null 2>&1
}

# python_environment NAME PYTHONS [PIP-OPTION…] PACKAGE==VERSION…: prints the directory of the virtual environment
# $HB_LOCAL/NAME, which is made if need be. PYTHONS are series as python_find takes them, the lowest last. When it cannot be
# made it is not there, and that is an error: whoever can go on without it asks with `if`.
python_environment() {
  local name=$1 pythons=$2 target=$HB_LOCAL/$1 log=$HB_LOCAL/log/$1.log options=(--no-input --disable-pip-version-check) python
  shift 2
  while [[ $1 == -* ]]; do
    options+=("$1")
    shift
  done
  if [ -e "$target/unfinished" ] || ! python_has "$target/bin/python" "$@"; then
    # shellcheck disable=SC2086 # a list of versions
    python=$(python_find $pythons) || die "No Python ${pythons##* } or newer with venv and pip here. Install python3-venv and try again."
    progress "Installing Python packages: $*"
    mkdir -p "$HB_LOCAL/log" || die "Nothing can be written to $HB_LOCAL."
    # Programs in it name its directory, so it is made where it stays. One that was killed meanwhile is known by its mark.
    if ! { rm -rf "$target" && mkdir "$target" && : >"$target/unfinished" && "$python" -m venv "$target" &&
      "$target/bin/python" -m pip install "${options[@]}" "$@" && rm "$target/unfinished"; } >"$log" 2>&1; then
      rm -rf "$target"
      die "The Python packages for $name cannot be installed; $log says why. Check that the package index can be reached, and try again."
    fi
  fi
  printf '%s\n' "$target"
}
