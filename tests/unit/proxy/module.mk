# The unit tests of src/proxy; its sessions are tested in tests/machine.
check_PROGRAMS += tests/unit/proxy/test_close_reason
TESTS += tests/unit/proxy/test_close_reason
tests_unit_proxy_test_close_reason_SOURCES = tests/unit/proxy/test_close_reason.c

check_PROGRAMS += tests/unit/proxy/test_counters
TESTS += tests/unit/proxy/test_counters
tests_unit_proxy_test_counters_SOURCES = tests/unit/proxy/test_counters.c

check_PROGRAMS += tests/unit/proxy/test_access_log
TESTS += tests/unit/proxy/test_access_log
tests_unit_proxy_test_access_log_SOURCES = tests/unit/proxy/test_access_log.c \
	tests/unit/base/log_files.h tests/unit/net/sockets.h tests/unit/tls/tls_client.h
