# For tests that include tests/unit/base/failing_mem.h.
FAILING_MEM = -Wl,--wrap=mem_alloc,--wrap=mem_zalloc,--wrap=mem_array,--wrap=mem_aligned,--wrap=mem_resize \
	-Wl,--wrap=mem_strdup,--wrap=mem_strndup,--wrap=mem_printf

check_PROGRAMS += tests/unit/base/test_addr
TESTS += tests/unit/base/test_addr
tests_unit_base_test_addr_SOURCES = tests/unit/base/test_addr.c

check_PROGRAMS += tests/unit/base/test_clock
TESTS += tests/unit/base/test_clock
tests_unit_base_test_clock_SOURCES = tests/unit/base/test_clock.c

check_PROGRAMS += tests/unit/base/test_err
TESTS += tests/unit/base/test_err
tests_unit_base_test_err_SOURCES = tests/unit/base/test_err.c

check_PROGRAMS += tests/unit/base/test_list
TESTS += tests/unit/base/test_list
tests_unit_base_test_list_SOURCES = tests/unit/base/test_list.c

check_PROGRAMS += tests/unit/base/test_log
TESTS += tests/unit/base/test_log
tests_unit_base_test_log_SOURCES = \
	tests/unit/base/test_log.c tests/unit/base/log_files.h

check_PROGRAMS += tests/unit/base/test_log_line
TESTS += tests/unit/base/test_log_line
tests_unit_base_test_log_line_SOURCES = tests/unit/base/test_log_line.c

check_PROGRAMS += tests/unit/base/test_log_ring
TESTS += tests/unit/base/test_log_ring
tests_unit_base_test_log_ring_SOURCES = tests/unit/base/test_log_ring.c

check_PROGRAMS += tests/unit/base/test_log_sink
TESTS += tests/unit/base/test_log_sink
tests_unit_base_test_log_sink_SOURCES = \
	tests/unit/base/test_log_sink.c tests/unit/base/log_files.h

check_PROGRAMS += tests/unit/base/test_log_site
TESTS += tests/unit/base/test_log_site
tests_unit_base_test_log_site_SOURCES = tests/unit/base/test_log_site.c

check_PROGRAMS += tests/unit/base/test_mem
TESTS += tests/unit/base/test_mem
tests_unit_base_test_mem_SOURCES = tests/unit/base/test_mem.c

check_PROGRAMS += tests/unit/base/test_rng
TESTS += tests/unit/base/test_rng
tests_unit_base_test_rng_SOURCES = tests/unit/base/test_rng.c

check_PROGRAMS += tests/unit/base/test_text
TESTS += tests/unit/base/test_text
tests_unit_base_test_text_SOURCES = tests/unit/base/test_text.c

check_PROGRAMS += tests/unit/base/test_units
TESTS += tests/unit/base/test_units
tests_unit_base_test_units_SOURCES = tests/unit/base/test_units.c

check_PROGRAMS += tests/unit/base/test_sys_fault
TESTS += tests/unit/base/test_sys_fault
tests_unit_base_test_sys_fault_SOURCES = \
	tests/unit/base/test_sys_fault.c tests/unit/base/log_files.h
