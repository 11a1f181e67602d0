# shellcheck shell=bash
# ha-bridge itself, as deploy/quickstart runs it: settings, first steps, start, stop.

# bridge_settings: what every call of ha-bridge needs. The address is the one of last time, if there was one.
bridge_settings() {
  local remembered
  remembered=$(first_line "$HB_LOCAL/http-address")
  export HA_BRIDGE_STATE_DIR=$HB_LOCAL/state
  export HA_BRIDGE_HTTP_ADDRESS=${remembered:-${HA_BRIDGE_HTTP_ADDRESS:-127.0.0.1:8099}}
}

bridge_pid() { process_of "$HB_LOCAL/bridge.pid"; }

# bridge_do WHAT ARGUMENT…: one command of ha-bridge, quiet when it succeeds.
bridge_do() {
  local what=$1 output
  shift
  output=$("$HB_PROGRAM" "$@" 2>&1 </dev/null) || die "Cannot $what. ha-bridge says: $output"
}

bridge_migrate() {
  bridge_do "bring the database schema up to date" migrate up
  [ -e "${HA_BRIDGE_KEY_FILE:-$HA_BRIDGE_STATE_DIR/keyring}" ] || bridge_do "make a key" key new
}

# bridge_login: a login of the database for the running process alone, which may do what the bridge does and nothing else; its
# name and password lie in bridge-login. Where it cannot be made the process keeps the login of DATABASE_URL, and acts as the
# same role.
bridge_login() {
  local psql=psql file=$HB_LOCAL/bridge-login name password
  have psql || psql=$(pg_bin "$HB_LOCAL/postgres")/psql
  if [ ! -s "$file" ]; then
    printf 'ha_bridge_process_%s\n%s\n' "$(random_secret | cut -c1-8)" "$(random_secret)" | write_secret "$file"
  fi
  name=$(sed -n 1p "$file")
  password=$(sed -n 2p "$file")
  # Not as an argument, where every user of the machine could read it.
  if ! PGPASSWORD=$(url_secret "$DATABASE_URL") "$psql" "$(url_without_secret "$DATABASE_URL")" --no-psqlrc --quiet --no-password \
    --set=ON_ERROR_STOP=1 >>"$HB_LOCAL/log/quickstart.log" 2>&1 <<SQL; then
SET client_min_messages = error;
SELECT set_config('log_statement', 'none', false) FROM pg_roles WHERE rolname = current_user AND rolsuper \gset
SELECT 'CREATE ROLE $name' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$name') \gexec
ALTER ROLE $name LOGIN PASSWORD '$password';
GRANT ha_bridge_writer TO $name;
SQL
    warn "Cannot make a login for the bridge; it uses that of DATABASE_URL. $HB_LOCAL/log/quickstart.log says why."
    rm -f "$file"
  fi
}

# bridge_url: the connection string of the running process: DATABASE_URL with its own login. libpq takes the last of two values.
bridge_url() {
  local file=$HB_LOCAL/bridge-login
  if [ ! -s "$file" ]; then
    printf '%s' "$DATABASE_URL"
  elif [[ $DATABASE_URL == *://*\?* ]]; then
    printf '%s&user=%s&password=%s' "$DATABASE_URL" "$(sed -n 1p "$file")" "$(sed -n 2p "$file")"
  elif [[ $DATABASE_URL == *://* ]]; then
    printf '%s?user=%s&password=%s' "$DATABASE_URL" "$(sed -n 1p "$file")" "$(sed -n 2p "$file")"
  else
    printf '%s user=%s password=%s' "$DATABASE_URL" "$(sed -n 1p "$file")" "$(sed -n 2p "$file")"
  fi
}

# bridge_lists COMMAND FIELD VALUE: whether a list command's JSON has it.
bridge_lists() {
  local output
  output=$("$HB_PROGRAM" "$1" list --json </dev/null) || die "Cannot read the list of ${1}s; see the message above."
  grep -Eq "\"$2\" *: *\"?$3\"?" <<<"$output"
}

# bridge_connect URL TOKEN_FILE: the owner, and the connection named home with this URL and token.
bridge_connect() {
  local url=$1 token=$2 fingerprint known
  bridge_lists user username owner || bridge_do "add the user owner" user add owner --email owner@home.example --role admin
  fingerprint=$(printf '%s\n' "$url" "$(sha256sum <"$token")")
  known=$(cat "$HB_LOCAL/connection" 2>/dev/null || true)
  if ! bridge_lists connection name home; then
    progress "Connecting to $url"
    bridge_do "add the connection to $url" connection add home --url "$url" --token-file "$token" --user owner
  elif [ "$fingerprint" != "$known" ]; then
    progress "Changing the connection to $url"
    # Both at once where the URL is new: each is tried before it is stored, and the old token is of no use there.
    if [ "${known%%$'\n'*}" = "$url" ]; then
      bridge_do "change the token of the connection" connection set-token home --token-file "$token"
    else
      bridge_do "change the URL of the connection" connection set-url home --url "$url" --token-file "$token"
    fi
  fi
  printf '%s' "$fingerprint" | write_secret "$HB_LOCAL/connection"
}

# bridge_choose_address: keeps host and port unless somebody else listens there.
bridge_choose_address() {
  local host=${HA_BRIDGE_HTTP_ADDRESS%:*} port=${HA_BRIDGE_HTTP_ADDRESS##*:}
  if port_taken "$port"; then
    port=$(free_port "$((port + 1))")
    progress "Port ${HA_BRIDGE_HTTP_ADDRESS##*:} is taken; using $port"
  fi
  export HA_BRIDGE_HTTP_ADDRESS=$host:$port
  printf '%s\n' "$HA_BRIDGE_HTTP_ADDRESS" >"$HB_LOCAL/http-address"
}

bridge_start() {
  local log=$HB_LOCAL/log/ha-bridge.log
  [ ! -e "$log" ] || [ "$(stat -c %s "$log")" -lt 50000000 ] || mv -f "$log" "$log.1"
  DATABASE_URL=$(bridge_url) setsid "$HB_PROGRAM" run >>"$log" 2>&1 </dev/null 9>&- &
  process_record $! "$HB_LOCAL/bridge.pid"
}

bridge_explain_death() {
  die "ha-bridge has ended. Its log ($HB_LOCAL/log/ha-bridge.log) ends:
$(tail -n 10 "$HB_LOCAL/log/ha-bridge.log")"
}

bridge_ready_or_dead() { http_is 200 "http://$HA_BRIDGE_HTTP_ADDRESS/readyz" || ! bridge_pid >/dev/null; }
bridge_wait_ready() {
  wait_until 60 bridge_ready_or_dead ||
    die "ha-bridge runs but is not ready after 60 s. It says: $(curl --silent --max-time 5 "http://$HA_BRIDGE_HTTP_ADDRESS/readyz" || true)  Its log is $HB_LOCAL/log/ha-bridge.log."
  bridge_pid >/dev/null || bridge_explain_death
}

bridge_has_events() { grep -q '"' <<<"$("$HB_PROGRAM" events --limit 1 --json 2>/dev/null </dev/null)"; }
bridge_wait_events() {
  progress "Waiting for the first events"
  wait_until 60 bridge_has_events ||
    warn "No event has arrived within 60 s. The status below and $HB_LOCAL/log/ha-bridge.log say why."
}

# bridge_console: where the console is, and a way in as long as nobody has one.
bridge_console() {
  local link
  [ "${HA_BRIDGE_CONSOLE:-on}" != off ] || return 0
  if ! bridge_lists user can_sign_in true 2>/dev/null && link=$("$HB_PROGRAM" user link owner 2>/dev/null </dev/null); then
    echo "Open the console and choose a password (the link works once, for an hour): $link"
  else
    echo "The console: http://$HA_BRIDGE_HTTP_ADDRESS/"
  fi
  echo
}

# bridge_attend: stays until ha-bridge ends or a signal comes.
bridge_attend() {
  local pid
  pid=$(bridge_pid) || return 0
  tail --pid="$pid" --follow /dev/null &
  HB_CHILD=$!
  wait "$HB_CHILD" || true
  HB_CHILD=''
}

bridge_stop() {
  local pid
  pid=$(bridge_pid) || return 0
  process_end "$pid" 60
  rm -f "$HB_LOCAL/bridge.pid"
}

bridge_status() {
  local pid
  pid=$(bridge_pid) || { echo "ha-bridge: stopped" && return 1; }
  echo "ha-bridge: running at http://$(first_line "$HB_LOCAL/http-address"), process $pid"
}
