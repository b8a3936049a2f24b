# Fuzz targets. Each is tests/fuzz/fuzz_NAME.c, which defines LLVMFuzzerTestOneInput() only, with small files to begin with
# in tests/fuzz/corpus/NAME/, and five lines here. `make check` replays the corpora, `make fuzz TARGET=NAME` searches on.
EXTRA_DIST += tests/fuzz/corpus

FUZZ_TARGETS += cert
check_PROGRAMS += tests/fuzz/fuzz_cert
TESTS += tests/fuzz/fuzz_cert
tests_fuzz_fuzz_cert_SOURCES = tests/fuzz/fuzz_cert.c $(FUZZ_MAIN)
tests_fuzz_fuzz_cert_LDADD = $(FUZZ_LDADD)

FUZZ_TARGETS += conf
check_PROGRAMS += tests/fuzz/fuzz_conf
TESTS += tests/fuzz/fuzz_conf
tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c $(FUZZ_MAIN)
tests_fuzz_fuzz_conf_LDADD = $(FUZZ_LDADD)

FUZZ_TARGETS += log_escape
check_PROGRAMS += tests/fuzz/fuzz_log_escape
TESTS += tests/fuzz/fuzz_log_escape
tests_fuzz_fuzz_log_escape_SOURCES = tests/fuzz/fuzz_log_escape.c $(FUZZ_MAIN)
tests_fuzz_fuzz_log_escape_LDADD = $(FUZZ_LDADD)

FUZZ_TARGETS += units
check_PROGRAMS += tests/fuzz/fuzz_units
TESTS += tests/fuzz/fuzz_units
tests_fuzz_fuzz_units_SOURCES = tests/fuzz/fuzz_units.c $(FUZZ_MAIN)
tests_fuzz_fuzz_units_LDADD = $(FUZZ_LDADD)
