# `make bench` (dev/suites.mk): what a unit of work costs sluice and its peers. Built and run on demand only, never by
# `make check`: it makes numbers, not verdicts.
EXTRA_PROGRAMS += tests/bench/load tests/bench/backend
tests_bench_load_SOURCES = tests/bench/load.c tests/bench/client.c tests/bench/client.h tests/bench/protocol.h
tests_bench_load_LDADD = $(OPENSSL_LIBS)
tests_bench_backend_SOURCES = tests/bench/backend.c tests/bench/protocol.h
tests_bench_backend_LDADD =
CLEANFILES += tests/bench/load tests/bench/backend
EXTRA_DIST += tests/bench/bench tests/bench/cases.py tests/bench/measure.py tests/bench/peers.py tests/bench/report.py
