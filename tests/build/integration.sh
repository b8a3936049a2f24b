#!/bin/bash
# The integration cases as one test of `make check`: runs tests/integration/run with the options in $INTEGRATION and tells
# its report in TAP.
set -uo pipefail

if ! command -v python3 >/dev/null; then
    echo "1..0 # SKIP python3 is missing: apt-get install python3"
    exit 0
fi
# The options are words.
# shellcheck disable=SC2086
"$(dirname "$0")/../integration/run" ${INTEGRATION-} 2>&1 | awk '
    /^ok / { print "ok " ++n " - " $2; next }
    /^FAIL / { print "not ok " ++n " - " $2; next }
    /^skip / { reason = $0; sub(/^[^(]*/, "", reason); print "ok " ++n " - " $2 " # SKIP " reason; next }
    /^[0-9]+ passed, / { complete = 1 }
    { print "# " $0; fflush() }
    END { print complete ? "1.." n : "Bail out! the runner did not finish" }'
