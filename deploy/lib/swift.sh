# shellcheck shell=bash
# The Swift toolchain and the build.

# HB_PROGRAM_GIVEN: a program that is built already and stands for the release, as deploy/readme-check has it.
HB_PROGRAM=${HB_PROGRAM_GIVEN:-$HB_ROOT/.build/release/ha-bridge}
SWIFT_OLDEST=6.3

# swift_find: prints the first swift that is new enough.
swift_find() {
  local candidate version seen=''
  for candidate in $(type -ap swift || true) /opt/swift/usr/bin/swift /usr/local/swift/usr/bin/swift /usr/share/swift/usr/bin/swift \
    "$HOME/.local/share/swiftly/bin/swift" "$HOME"/swift-*/usr/bin/swift /opt/swift-*/usr/bin/swift; do
    [ -x "$candidate" ] || continue
    version=$("$candidate" --version 2>/dev/null </dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
    [ -n "$version" ] || continue
    if [ "$(printf '%s\n' "$SWIFT_OLDEST" "$version" | sort -V | head -n 1)" = "$SWIFT_OLDEST" ]; then
      printf '%s\n' "$candidate"
      return 0
    fi
    seen=" (found $version at $candidate)"
  done
  die "No Swift $SWIFT_OLDEST or newer here$seen. Install the toolchain from swift.org, put its usr/bin in PATH and try again."
}

# swift_build_release: builds ha-bridge when a source is newer than the last build.
swift_build_release() {
  local swift stamp=$HB_ROOT/.build/ha-bridge-built
  [ -z "${HB_PROGRAM_GIVEN:-}" ] || return 0
  if [ -x "$HB_PROGRAM" ] && [ -e "$stamp" ] &&
    [ -z "$(find "$HB_ROOT/Package.swift" "$HB_ROOT/Sources" "$HB_ROOT/Migrations" -newer "$stamp" -print -quit 2>/dev/null)" ]; then
    return 0
  fi
  swift=$(swift_find)
  progress "Building ha-bridge for release (the first time takes some minutes)"
  mkdir -p "$HB_ROOT/.build" "$HB_LOCAL/log"
  touch "$stamp.new"
  run_logged "$HB_LOCAL/log/build.log" 3600 \
    "$swift" build --package-path "$HB_ROOT" --configuration release --product ha-bridge --static-swift-stdlib || {
    grep -E '(error|warning: unable|fatal):?' "$HB_LOCAL/log/build.log" | head -n 20 >&2 || tail -n 20 "$HB_LOCAL/log/build.log" >&2
    die "The build failed; everything it said is in $HB_LOCAL/log/build.log."
  }
  [ -x "$HB_PROGRAM" ] || die "The build went well but left no $HB_PROGRAM; remove .build and try again."
  mv -f "$stamp.new" "$stamp"
}
