# The unit tests of src/tls.
check_PROGRAMS += tests/unit/tls/test_cert_record
TESTS += tests/unit/tls/test_cert_record
tests_unit_tls_test_cert_record_SOURCES = tests/unit/tls/test_cert_record.c \
	tests/unit/tls/cert_fixture.c tests/unit/tls/cert_fixture.h

check_PROGRAMS += tests/unit/tls/test_cert_wipe
TESTS += tests/unit/tls/test_cert_wipe
tests_unit_tls_test_cert_wipe_SOURCES = tests/unit/tls/test_cert_wipe.c \
	tests/unit/tls/cert_fixture.c tests/unit/tls/cert_fixture.h
tests_unit_tls_test_cert_wipe_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=mem_alloc,--wrap=mem_free

check_PROGRAMS += tests/unit/tls/test_libctx
TESTS += tests/unit/tls/test_libctx
tests_unit_tls_test_libctx_SOURCES = tests/unit/tls/test_libctx.c

check_PROGRAMS += tests/unit/tls/test_tls_error
TESTS += tests/unit/tls/test_tls_error
tests_unit_tls_test_tls_error_SOURCES = tests/unit/tls/test_tls_error.c

check_PROGRAMS += tests/unit/tls/test_transport_tls
TESTS += tests/unit/tls/test_transport_tls
tests_unit_tls_test_transport_tls_SOURCES = tests/unit/tls/test_transport_tls.c tests/unit/tls/tls_client.h \
	tests/unit/tls/cert_fixture.h tests/unit/net/sockets.h tests/unit/net/calls.h
tests_unit_tls_test_transport_tls_LDFLAGS = $(AM_LDFLAGS) $(SCRIPTED_CALLS)

check_PROGRAMS += tests/unit/tls/test_context
TESTS += tests/unit/tls/test_context
tests_unit_tls_test_context_SOURCES = tests/unit/tls/test_context.c tests/unit/tls/tls_client.h \
	tests/unit/tls/cert_fixture.c tests/unit/tls/cert_fixture.h tests/unit/base/failing_mem.h
tests_unit_tls_test_context_LDFLAGS = $(AM_LDFLAGS) $(FAILING_MEM)

check_PROGRAMS += tests/unit/tls/test_policy
TESTS += tests/unit/tls/test_policy
tests_unit_tls_test_policy_SOURCES = tests/unit/tls/test_policy.c

check_PROGRAMS += tests/unit/tls/test_algorithms
TESTS += tests/unit/tls/test_algorithms
tests_unit_tls_test_algorithms_SOURCES = tests/unit/tls/test_algorithms.c
