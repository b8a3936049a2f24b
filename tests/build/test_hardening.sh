#!/bin/bash
# What the linker and the compiler were asked to harden is in the program. Reads $SLUICE with readelf; speaks TAP.
set -uo pipefail

case " ${SLUICE_BUILD-} " in
*" hardening=yes "*) ;;
*)
    echo "1..0 # SKIP this build is not hardened (${SLUICE_BUILD-})"
    exit 0
    ;;
esac
if ! command -v readelf >/dev/null; then
    echo "1..0 # SKIP readelf is missing: apt-get install binutils"
    exit 0
fi

program=${SLUICE:?the path of the program}
header=$(readelf --wide --file-header "$program") || exit 99
segments=$(readelf --wide --program-headers "$program") || exit 99
dynamic=$(readelf --wide --dynamic "$program") || exit 99
symbols=$(readelf --wide --dyn-syms "$program") || exit 99
cases=0

# has NAME PATTERN TEXT
has() {
    cases=$((cases + 1))
    if grep --quiet --extended-regexp -- "$2" <<<"$3"; then
        echo "ok $cases - $1"
    else
        echo "not ok $cases - $1"
        echo "# nothing matches /$2/"
    fi
}

has "position independent executable" '^ *Type: +DYN' "$header"
has "marked as a program, not a library" 'FLAGS_1.*\bPIE\b' "$dynamic"
has "relocations become read-only" '^ *GNU_RELRO ' "$segments"
has "all symbols are bound at start" 'FLAGS_1.*\bNOW\b' "$dynamic"
has "the stack is not executable" '^ *GNU_STACK .* RW +0x' "$segments"
has "stack protector" '__stack_chk_fail' "$symbols"
has "fortified C library calls" '__(memcpy|snprintf|vsnprintf|read|recv|strncpy|memmove)_chk' "$symbols"
if [[ $header == *"X86-64"* ]]; then
    # Debian 12's own start-up objects are not marked, so the linker cannot mark the program; ours all are.
    library=$(dirname "$program")/libsluice.a
    objects=$(ar t "$library" | wc -l)
    marked=$(readelf --wide --notes "$library" | grep --count 'x86 feature: IBT, SHSTK')
    has "indirect branch tracking and shadow stack in all $objects objects" "^$objects\$" "$marked"
fi
echo "1..$cases"
