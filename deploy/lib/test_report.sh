# shellcheck shell=bash
# Counts what `swift test` reports, of Swift Testing and of XCTest.

# test_report_count LOG: sets report_passed, report_failed and report_skipped.
test_report_count() {
  local line executed failures skipped total
  # Swift Testing: one line for each test; the cases of a parameterised test and the closing line are not tests.
  report_passed=$(test_report_lines '(✔|━) Test .* passed after [0-9.]+ seconds' "$1")
  report_failed=$(test_report_lines '✘ Test .* failed after [0-9.]+ seconds' "$1")
  report_skipped=$(test_report_lines '➜ Test .* skipped(\.|:)' "$1")
  # What a test prints can spoil the line of another; the closing line knows how many there were.
  total=$(sed -nE 's/.*Test run with ([0-9]+) tests? .*/\1/p' "$1" | tail -n 1)
  [ "${total:-0}" -le $((report_failed + report_skipped)) ] || report_passed=$((total - report_failed - report_skipped))
  # XCTest: the last total covers all suites.
  line=$(grep -aE '^[[:space:]]*Executed [0-9]+ tests?, with ' "$1" | tail -n 1 || true)
  [ -n "$line" ] || return 0
  executed=$(sed -E 's/.*Executed ([0-9]+) .*/\1/' <<<"$line")
  failures=$(sed -nE 's/.*[^0-9]([0-9]+) failures?.*/\1/p' <<<"$line")
  skipped=$(sed -nE 's/.*[^0-9]([0-9]+) tests? skipped.*/\1/p' <<<"$line")
  # One test may fail several times.
  local failed_tests
  failed_tests=$(grep -acE "^Test Case '.*' failed \(" "$1" || true)
  if [ "${failures:-0}" -gt 0 ] && [ "$failed_tests" -eq 0 ]; then failed_tests=1; fi
  report_failed=$((report_failed + failed_tests))
  report_skipped=$((report_skipped + ${skipped:-0}))
  report_passed=$((report_passed + executed - failed_tests - ${skipped:-0}))
}

test_report_lines() { grep -aE "$1" "$2" | grep -avcE '(✔|✘) Test run with ' || true; }
