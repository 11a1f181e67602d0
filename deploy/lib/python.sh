# shellcheck shell=bash
# Finds Python interpreters that really run: a version manager may leave a shim that only prints an error.

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
