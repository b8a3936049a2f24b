#!/bin/bash
# The integration cases as one test of `make check`: runs tests/integration/run with the options in $INTEGRATION and tells
# each check of its report in TAP. A case that failed without a failed check (it crashed, or was late) counts as one.
set -u

if ! command -v python3 >/dev/null; then
    echo "1..0 # SKIP python3 is missing: apt-get install python3"
    exit 0
fi
# The options are words.
# shellcheck disable=SC2086
"$(dirname "$0")/../integration/run" -v ${INTEGRATION-} 2>&1 | awk '
    function close_case() {
        if (verdict == "FAIL" && !failures) print "not ok " ++n " - " name " as a whole"
        if (verdict == "skip" && !checks) print "ok " ++n " - " name " # SKIP " reason
        verdict = ""; checks = failures = 0
    }
    function about(line) { sub(/^ *\| [A-Za-z]+ - /, "", line); return name ": " line }
    { print "# " $0; fflush() }
    /^(ok|FAIL|skip) / { close_case(); verdict = $1; name = $2; reason = $0; sub(/^[^(]*/, "", reason) }
    /^     \| ok - / { print "ok " ++n " - " about($0); checks++ }
    /^     \| FAIL - / { print "not ok " ++n " - " about($0); checks++; failures++ }
    /^     \| skip - / { print "ok " ++n " - " about($0) " # SKIP"; checks++ }
    /^[0-9]+ passed, / { close_case(); complete = 1 }
    END { print complete ? "1.." n : "Bail out! the runner did not finish" }'
