# shellcheck shell=bash
# A real Home Assistant on 127.0.0.1, installed from PyPI, without a browser and without the network once installed.
#
#   ha_start DIR HOUSE    HOUSE is a directory of deploy/home-assistant: demo or lab; prints the URL
#   ha_stop DIR           lets it write its state; up to 120 s, then it is killed
#   ha_restart DIR        as its own restart button does
#   ha_kill DIR           as a power cut does
#   ha_status DIR         one line; fails when it does not run
#
# DIR holds: config/, token and owner-password (0600), url, console.log, *.pid. The programs lie in
# $HB_LOCAL/home-assistant-VERSION and serve every DIR.

HA_KIT=$HB_ROOT/deploy/home-assistant
HA_STOP_SECONDS=120
# Each pinned release with the Pythons that run it, in the order of preference, each with its lowest patch release.
HA_RELEASES=('2026.2.3 3.13.2' '2025.4.4 3.13.0' '2024.3.3 3.12.0 3.11.0')

# ha_install: installs the newest release that a Python of this machine can run; prints its directory.
ha_install() {
  local release version pythons python
  for release in "${HA_RELEASES[@]}"; do
    read -r version pythons <<<"$release"
    [ -z "${HOME_ASSISTANT_VERSION:-}" ] || [ "$version" = "$HOME_ASSISTANT_VERSION" ] || continue
    # shellcheck disable=SC2086 # a list of versions
    python=$(python_find $pythons) || continue
    ha_install_release "$version" "$python" && printf '%s\n' "$HB_LOCAL/home-assistant-$version" && return 0
    warn "Home Assistant $version cannot be installed with $python; see $HB_LOCAL/log/home-assistant-install.log. Trying an older one."
  done
  die "No Python here can run a Home Assistant that ha-bridge installs (3.11, 3.12 or 3.13 with venv and pip). Install python3-venv, or set HA_URL and HA_TOKEN to a Home Assistant of your own."
}

# ha_install_release VERSION PYTHON
ha_install_release() {
  local version=$1 python=$2 requirements=$HA_KIT/requirements/$1.txt target=$HB_LOCAL/home-assistant-$1 log=$HB_LOCAL/log/home-assistant-install.log want
  want=$(sha256sum <"$requirements")
  [ "$(first_line "$target/installed")" != "$want" ] || ! "$target/bin/python" -c '' 2>/dev/null || return 0
  progress "Installing Home Assistant $version with Python $(python_version "$python") (250 MB, about a minute)"
  mkdir -p "$HB_LOCAL/log"
  rm -rf "$target"
  {
    "$python" -m venv "$target" || return 1
    # uv is five times faster; pip does the same where uv cannot. It trusts the certificates of this machine.
    export UV_SYSTEM_CERTS=true
    if "$target/bin/python" -m pip install --quiet --disable-pip-version-check uv &&
      "$target/bin/uv" pip install --quiet --no-deps --python "$target/bin/python" --requirement "$requirements"; then
      :
    else
      "$target/bin/python" -m pip install --quiet --disable-pip-version-check wheel setuptools &&
        "$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement "$requirements" || return 1
    fi
  } >"$log" 2>&1
  printf '%s\n' "$want" >"$target/installed"
}

ha_url() { first_line "$1/url"; }
ha_pid() { process_of "$1/hass.pid"; }

# ha_request METHOD DIR PATH: the answer's body; the token reaches curl through a pipe, never as an argument.
ha_request() {
  printf 'header = "Authorization: Bearer %s"\n' "$(first_line "$2/token")" |
    curl --silent --fail --max-time 5 --config - --request "$1" "$(ha_url "$2")$3" 2>/dev/null
}
ha_is_running() { grep -q '"state": *"RUNNING"' <<<"$(ha_request GET "$1" /api/config)"; }
ha_settled() { process_gone "$2" || ha_is_running "$1"; }
ha_up_or_dead() { http_answers "$(ha_url "$1")/auth/providers" || ! process_of "$1/supervisor.pid" >/dev/null; }
ha_back() { local pid && pid=$(ha_pid "$1") && [ "$pid" != "$2" ] && ha_is_running "$1"; }

ha_start() {
  local directory house=$HA_KIT/$2 port program
  directory=$(realpath -m "$1")
  if process_of "$directory/supervisor.pid" >/dev/null && [ -s "$directory/token" ] && wait_until 60 ha_is_running "$directory"; then
    ha_url "$directory"
    echo
    return 0
  fi
  ha_stop "$directory"
  program=$(ha_install)
  ha_configure "$directory" "$house"
  port=$(ha_port "$directory" "$2")
  printf 'http://127.0.0.1:%s\n' "$port" >"$directory/url"
  [ ! -e "$directory/console.log" ] || [ "$(stat -c %s "$directory/console.log")" -lt 10000000 ] ||
    mv -f "$directory/console.log" "$directory/console.log.1"
  HA_PORT=$port PYTHONPATH=$HA_KIT/frontend-stub${HA_PYTHONPATH:+:$HA_PYTHONPATH} PYTHONDONTWRITEBYTECODE=1 \
    setsid "$HB_LIB/ha-supervise" "$directory" "$program/bin/hass" --config "$directory/config" --skip-pip --log-no-color \
    >>"$directory/console.log" 2>&1 </dev/null 9>&- &
  process_record $! "$directory/supervisor.pid"
  # Any answer counts (400 before the owner has signed up); asking /api/ without a token would count as a failed login.
  wait_until 120 ha_up_or_dead "$directory" || true
  http_answers "$(ha_url "$directory")/auth/providers" ||
    die "Home Assistant did not start. Its log ($directory/console.log) ends: $(tail -n 3 "$directory/console.log" | tr '\n' ' ')"
  local areas=()
  [ ! -e "$house/areas.json" ] || areas=("$house/areas.json")
  "$program/bin/python" -I "$HA_KIT/onboard.py" "$(ha_url "$directory")" "$directory" "${areas[@]}" ||
    die "Home Assistant runs but gave no token; its log is $directory/console.log. Remove $directory to begin with a fresh one."
  ha_url "$directory"
  echo
}

# ha_configure DIR HOUSE: the house's files are laid down once; afterwards they belong to Home Assistant.
ha_configure() {
  [ ! -e "$1/config/configuration.yaml" ] || return 0
  mkdir -p "$1"
  chmod 700 "$1"
  rm -rf "$1/config.new" "$1/config"
  cp -R "$2" "$1/config.new"
  mkdir -p "$1/config.new/.storage"
  # Every step but the owner's own is done: the real ones would add services of the internet.
  echo '{"version":4,"minor_version":1,"key":"onboarding","data":{"done":["core_config","analytics","integration"]}}' \
    >"$1/config.new/.storage/onboarding"
  mv "$1/config.new" "$1/config"
}

# ha_port DIR HOUSE: the port of last time when it is free. Home Assistant would start without HTTP on a taken one.
ha_port() {
  local port
  port=$(first_line "$1/url")
  port=${port##*:}
  if [ -n "$port" ] && ! port_taken "$port"; then
    printf '%s\n' "$port"
  elif [ "$2" = lab ]; then
    free_port $((20000 + RANDOM % 8000))
  else
    free_port "${port:-18123}"
  fi
}

ha_stop() {
  local supervisor pid
  supervisor=$(process_of "$1/supervisor.pid") || return 0
  # While it starts, a TERM ends it before it has written anything.
  if pid=$(ha_pid "$1") && [ -s "$1/token" ]; then wait_until 30 ha_settled "$1" "$pid" || true; fi
  kill -TERM "$supervisor" 2>/dev/null || true
  if ! wait_until "$HA_STOP_SECONDS" process_gone "$supervisor"; then
    warn "Home Assistant did not stop within $HA_STOP_SECONDS s; killing it."
    ha_kill "$1"
  fi
  rm -f "$1/supervisor.pid"
}

ha_kill() {
  local supervisor pid
  if supervisor=$(process_of "$1/supervisor.pid"); then
    ! pid=$(ha_pid "$1") || kill -KILL "$pid" 2>/dev/null || true
    wait_until 10 process_gone "$supervisor" || process_end "$supervisor" 5 KILL
  fi
  rm -f "$1/supervisor.pid" "$1/hass.pid"
}

ha_restart() {
  local pid
  pid=$(ha_pid "$1") || die "Home Assistant in $1 does not run, so it cannot be restarted; start it instead."
  # It goes down while it answers, so the answer says nothing.
  ha_request POST "$1" /api/services/homeassistant/restart >/dev/null || true
  wait_until $((HA_STOP_SECONDS + 60)) ha_back "$1" "$pid" ||
    die "Home Assistant in $1 did not come back after a restart; its log is $1/console.log."
}

ha_status() {
  local pid
  pid=$(ha_pid "$1") || { echo "Home Assistant: stopped ($1)" && return 1; }
  echo "Home Assistant: $(ha_is_running "$1" && echo running || echo starting) at $(ha_url "$1"), process $pid ($1)"
}
