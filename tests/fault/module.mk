# Every fallible call and every allocation fails once, in a build that can make them (--enable-faults). FAULTS holds options
# for the cases: --long for all that there are.
EXTRA_DIST += tests/fault/sweep.py tests/fault/openssl.supp $(FAULT_CASES)
FAULT_CASES = tests/fault/check.py tests/fault/serve.py tests/fault/errnos.py tests/fault/try.py
if WITH_FAULTS
TESTS += $(FAULT_CASES)
endif
