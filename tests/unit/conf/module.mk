check_PROGRAMS += tests/unit/conf/test_conf
TESTS += tests/unit/conf/test_conf
tests_unit_conf_test_conf_SOURCES = tests/unit/conf/test_conf.c tests/unit/conf/recorder.h

check_PROGRAMS += tests/unit/conf/test_conf_errors
TESTS += tests/unit/conf/test_conf_errors
tests_unit_conf_test_conf_errors_SOURCES = tests/unit/conf/test_conf_errors.c tests/unit/conf/recorder.h

check_PROGRAMS += tests/unit/conf/test_effective
TESTS += tests/unit/conf/test_effective
tests_unit_conf_test_effective_SOURCES = tests/unit/conf/test_effective.c tests/unit/conf/recorder.h

check_PROGRAMS += tests/unit/conf/test_examples
TESTS += tests/unit/conf/test_examples
tests_unit_conf_test_examples_SOURCES = tests/unit/conf/test_examples.c tests/unit/conf/recorder.h

check_PROGRAMS += tests/unit/conf/test_lines
TESTS += tests/unit/conf/test_lines
tests_unit_conf_test_lines_SOURCES = tests/unit/conf/test_lines.c tests/unit/conf/recorder.h

check_PROGRAMS += tests/unit/conf/test_problems
TESTS += tests/unit/conf/test_problems
tests_unit_conf_test_problems_SOURCES = tests/unit/conf/test_problems.c tests/unit/conf/recorder.h

check_PROGRAMS += tests/unit/conf/test_reader
TESTS += tests/unit/conf/test_reader
tests_unit_conf_test_reader_SOURCES = tests/unit/conf/test_reader.c tests/unit/conf/recorder.h

check_PROGRAMS += tests/unit/conf/test_schema
TESTS += tests/unit/conf/test_schema
tests_unit_conf_test_schema_SOURCES = tests/unit/conf/test_schema.c tests/unit/conf/recorder.h

check_PROGRAMS += tests/unit/conf/test_suggest
TESTS += tests/unit/conf/test_suggest
tests_unit_conf_test_suggest_SOURCES = tests/unit/conf/test_suggest.c
