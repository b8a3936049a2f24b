# The session machine on a scripted transport.
check_PROGRAMS += tests/machine/test_session
TESTS += tests/machine/test_session
tests_machine_test_session_SOURCES = tests/machine/test_session.c \
	tests/machine/machine.c tests/machine/machine.h tests/machine/machine_priv.h \
	tests/machine/scripted.c tests/machine/world.c tests/machine/cases.h \
	tests/machine/cases_handshake.c tests/machine/cases_connect.c tests/machine/cases_relay.c \
	tests/machine/cases_ends.c tests/machine/cases_deliver.c tests/machine/cases_deadline.c \
	tests/machine/fake_log.c tests/machine/fake_log.h \
	tests/machine/fake_mem.c tests/machine/fake_mem.h \
	tests/machine/fake_watch.c tests/machine/fake_watch.h
tests_machine_test_session_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=mem_alloc,--wrap=mem_zalloc,--wrap=mem_array,--wrap=mem_aligned \
	-Wl,--wrap=mem_resize,--wrap=mem_strdup,--wrap=mem_strndup,--wrap=mem_free,--wrap=tls_info_get,--wrap=ioctl
