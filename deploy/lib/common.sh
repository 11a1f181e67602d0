# shellcheck shell=bash
# What every other file here uses: progress lines, errors, ports, secrets, processes kept by id, other users.

shopt -s inherit_errexit
umask 022

HB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034 # used by the files that source this one
HB_LIB=$HB_ROOT/deploy/lib
HB_LOCAL=${HB_LOCAL:-$HB_ROOT/.local}
HB_STARTED=${HB_STARTED:-$SECONDS}

# Messages go to stderr, so that a function's output can be captured.
progress() { printf '%4ds  %s\n' "$((SECONDS - HB_STARTED))" "$*" >&2; }
warn() { printf '%4ds  Warning: %s\n' "$((SECONDS - HB_STARTED))" "$*" >&2; }
die() {
  printf '\nError: %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" -eq 0 ]; }
quoted() { printf '%q' "$1"; }

# wait_until SECONDS COMMAND…: runs COMMAND five times a second until it succeeds; fails when the time is over.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.2
  done
}

# run_logged LOG SECONDS COMMAND…: runs it with its output in LOG and shows where it is now and then. The entry script's
# exit trap ends HB_CHILD, and `timeout` hands that on to everything it started.
HB_CHILD=''
run_logged() {
  local log=$1 limit=$2 line code=0 shown=$SECONDS
  shift 2
  timeout --kill-after=20 "$limit" "$@" >"$log" 2>&1 </dev/null &
  HB_CHILD=$!
  while kill -0 "$HB_CHILD" 2>/dev/null; do
    sleep 0.5
    if [ $((SECONDS - shown)) -ge 20 ]; then
      shown=$SECONDS
      line=$(tail -n 1 "$log" | tr '\r' '\n' | tail -n 1 | cut -c1-100)
      [ -z "$line" ] || progress "  $line"
    fi
  done
  wait "$HB_CHILD" || code=$?
  HB_CHILD=''
  [ "$code" -ne 124 ] || warn "Stopped after $limit s, which is the limit."
  return "$code"
}
end_child() { [ -z "$HB_CHILD" ] || process_end "$HB_CHILD" 20 || true; }

# --- secrets and small files ---------------------------------------------------------------------------------------

random_secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# write_secret FILE: stdin becomes FILE, readable by its owner alone, whole or not at all.
write_secret() {
  local temporary
  temporary=$(mktemp "$1.XXXXXX")
  cat >"$temporary"
  chmod 600 "$temporary"
  mv -f "$temporary" "$1"
}

# first_line FILE: prints it without its line break; nothing when there is no such file.
first_line() {
  local line=''
  [ ! -r "$1" ] || IFS= read -r line <"$1" || true
  printf '%s' "$line"
}

# --- ports ---------------------------------------------------------------------------------------------------------

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port FIRST: the first port from FIRST on that nobody listens on.
free_port() {
  local port
  for ((port = $1; port < $1 + 200; port++)); do
    port_taken "$port" || {
      printf '%s\n' "$port"
      return 0
    }
  done
  die "No free port from $1 to $((port - 1)) on 127.0.0.1. Stop something that listens there and try again."
}

http_status() { curl --silent --output /dev/null --max-time 3 --write-out '%{http_code}' "$1" 2>/dev/null || true; }
http_answers() { [ "$(http_status "$1")" != 000 ]; }
http_is() { [ "$(http_status "$2")" = "$1" ]; }

# --- processes, kept as "pid starttime" so that a pid used again after a reboot is never mistaken for ours ----------

process_birth() {
  local stat
  { IFS= read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  read -ra stat <<<"${stat##*) }"
  [ "${stat[0]}" != Z ] || return 1
  printf '%s' "${stat[19]}"
}
# process_record PID FILE
process_record() { printf '%s %s\n' "$1" "$(process_birth "$1")" >"$2"; }
# process_of FILE: prints the pid when that very process still runs.
process_of() {
  local pid='' birth=''
  [ -r "$1" ] || return 1
  read -r pid birth <"$1" || return 1
  [ -n "$birth" ] && [ "$(process_birth "$pid")" = "$birth" ] && printf '%s' "$pid"
}
process_gone() { ! process_birth "$1" >/dev/null; }
# process_end PID SECONDS [SIGNAL]: asks, waits, and kills when it takes too long.
process_end() {
  local pid=$1 limit=$2 signal=${3:-TERM}
  kill "-$signal" "$pid" 2>/dev/null || return 0
  wait_until "$limit" process_gone "$pid" && return 0
  warn "Process $pid did not end within $limit s; killing it."
  kill -KILL "$pid" 2>/dev/null || true
  wait_until 10 process_gone "$pid"
}

# --- other users ---------------------------------------------------------------------------------------------------

# run_as USER COMMAND…: as that user when we are root and it is not us. The working directory must be readable to it.
run_as() {
  local user=$1
  shift
  if [ "$user" = "$(id -un)" ]; then
    "$@"
  elif have runuser; then
    runuser -u "$user" -- "$@"
  elif have setpriv; then
    setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups -- "$@"
  else
    die "Cannot run a program as user $user: neither runuser nor setpriv exists. Install util-linux."
  fi
}

# reachable_by_others DIR: whether every directory on the way to DIR lets other users pass.
reachable_by_others() {
  local part
  part=$(realpath -m "$1")
  while [ "$part" != / ]; do
    if [ -e "$part" ]; then [[ $(stat -c %A "$part") =~ x$|t$ ]] || return 1; fi
    part=$(dirname "$part")
  done
}
