# The unit tests of src/run.
check_PROGRAMS += tests/unit/run/test_mailbox
TESTS += tests/unit/run/test_mailbox
tests_unit_run_test_mailbox_SOURCES = tests/unit/run/test_mailbox.c

check_PROGRAMS += tests/unit/run/test_limits
TESTS += tests/unit/run/test_limits
tests_unit_run_test_limits_SOURCES = tests/unit/run/test_limits.c
tests_unit_run_test_limits_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getrlimit,--wrap=setrlimit

check_PROGRAMS += tests/unit/run/test_privileges
TESTS += tests/unit/run/test_privileges
tests_unit_run_test_privileges_SOURCES = tests/unit/run/test_privileges.c
tests_unit_run_test_privileges_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=geteuid,--wrap=getegid,--wrap=getpwnam

check_PROGRAMS += tests/unit/run/test_reload
TESTS += tests/unit/run/test_reload
tests_unit_run_test_reload_SOURCES = tests/unit/run/test_reload.c $(CONFIGURED)
tests_unit_run_test_reload_LDFLAGS = $(AM_LDFLAGS) $(FAILING_MEM)

check_PROGRAMS += tests/unit/run/test_signals
TESTS += tests/unit/run/test_signals
tests_unit_run_test_signals_SOURCES = tests/unit/run/test_signals.c
