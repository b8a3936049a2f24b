# The unit tests of src/net.

# For tests that include tests/unit/net/calls.h.
SCRIPTED_CALLS = -Wl,--wrap=send,--wrap=recv,--wrap=accept4,--wrap=shutdown

# For tests that include tests/unit/net/far.h.
FAR_SERVERS = -Wl,--wrap=connect

check_PROGRAMS += tests/unit/net/test_chunk
TESTS += tests/unit/net/test_chunk
tests_unit_net_test_chunk_SOURCES = tests/unit/net/test_chunk.c tests/unit/base/failing_mem.h
tests_unit_net_test_chunk_LDFLAGS = $(AM_LDFLAGS) $(FAILING_MEM)

check_PROGRAMS += tests/unit/net/test_watch
TESTS += tests/unit/net/test_watch
tests_unit_net_test_watch_SOURCES = tests/unit/net/test_watch.c tests/unit/net/epoll.h

check_PROGRAMS += tests/unit/net/test_reserve
TESTS += tests/unit/net/test_reserve
tests_unit_net_test_reserve_SOURCES = tests/unit/net/test_reserve.c
tests_unit_net_test_reserve_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=mem_alloc,--wrap=mem_library_resize

check_PROGRAMS += tests/unit/net/test_sock
TESTS += tests/unit/net/test_sock
tests_unit_net_test_sock_SOURCES = \
	tests/unit/net/test_sock.c tests/unit/net/sockets.h tests/unit/net/far.h tests/unit/base/log_files.h
tests_unit_net_test_sock_LDFLAGS = $(AM_LDFLAGS) $(FAR_SERVERS)

check_PROGRAMS += tests/unit/net/test_listen_set
TESTS += tests/unit/net/test_listen_set
tests_unit_net_test_listen_set_SOURCES = \
	tests/unit/net/test_listen_set.c tests/unit/net/sockets.h tests/unit/base/log_files.h tests/unit/base/failing_mem.h
tests_unit_net_test_listen_set_LDFLAGS = $(AM_LDFLAGS) $(FAILING_MEM)

check_PROGRAMS += tests/unit/net/test_listener
TESTS += tests/unit/net/test_listener
tests_unit_net_test_listener_SOURCES = \
	tests/unit/net/test_listener.c tests/unit/net/sockets.h tests/unit/net/calls.h tests/unit/net/epoll.h \
	tests/unit/base/log_files.h
tests_unit_net_test_listener_LDFLAGS = $(AM_LDFLAGS) $(SCRIPTED_CALLS)

check_PROGRAMS += tests/unit/net/test_wire
TESTS += tests/unit/net/test_wire
tests_unit_net_test_wire_SOURCES = \
	tests/unit/net/test_wire.c tests/unit/net/sockets.h tests/unit/net/calls.h tests/unit/base/failing_mem.h
tests_unit_net_test_wire_LDFLAGS = $(AM_LDFLAGS) $(SCRIPTED_CALLS) $(FAILING_MEM)

check_PROGRAMS += tests/unit/net/test_conn
TESTS += tests/unit/net/test_conn
tests_unit_net_test_conn_SOURCES = tests/unit/net/test_conn.c tests/unit/net/sockets.h

check_PROGRAMS += tests/unit/net/test_dial
TESTS += tests/unit/net/test_dial
tests_unit_net_test_dial_SOURCES = \
	tests/unit/net/test_dial.c tests/unit/net/sockets.h tests/unit/net/epoll.h tests/unit/net/far.h \
	tests/unit/base/log_files.h
tests_unit_net_test_dial_LDFLAGS = $(AM_LDFLAGS) $(FAR_SERVERS)
