check_PROGRAMS += tests/unit/balance/test_round_robin
TESTS += tests/unit/balance/test_round_robin
tests_unit_balance_test_round_robin_SOURCES = \
	tests/unit/balance/test_round_robin.c tests/unit/balance/farm.h

check_PROGRAMS += tests/unit/balance/test_least_conn
TESTS += tests/unit/balance/test_least_conn
tests_unit_balance_test_least_conn_SOURCES = \
	tests/unit/balance/test_least_conn.c tests/unit/balance/farm.h
