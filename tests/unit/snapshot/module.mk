# The unit tests of src/snapshot.
CONFIGURED = tests/unit/snapshot/configured.h tests/unit/base/log_files.h tests/unit/base/failing_mem.h \
	tests/unit/net/sockets.h tests/unit/tls/cert_fixture.c tests/unit/tls/cert_fixture.h

check_PROGRAMS += tests/unit/snapshot/test_snapshot
TESTS += tests/unit/snapshot/test_snapshot
tests_unit_snapshot_test_snapshot_SOURCES = tests/unit/snapshot/test_snapshot.c $(CONFIGURED)
tests_unit_snapshot_test_snapshot_LDFLAGS = $(AM_LDFLAGS) $(FAILING_MEM)

check_PROGRAMS += tests/unit/snapshot/test_view
TESTS += tests/unit/snapshot/test_view
tests_unit_snapshot_test_view_SOURCES = tests/unit/snapshot/test_view.c $(CONFIGURED)
tests_unit_snapshot_test_view_LDFLAGS = $(AM_LDFLAGS) $(FAILING_MEM)
