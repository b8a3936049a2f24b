check_PROGRAMS += tests/unit/pool/test_backoff
TESTS += tests/unit/pool/test_backoff
tests_unit_pool_test_backoff_SOURCES = tests/unit/pool/test_backoff.c

check_PROGRAMS += tests/unit/pool/test_budget
TESTS += tests/unit/pool/test_budget
tests_unit_pool_test_budget_SOURCES = tests/unit/pool/test_budget.c

check_PROGRAMS += tests/unit/pool/test_server
TESTS += tests/unit/pool/test_server
tests_unit_pool_test_server_SOURCES = tests/unit/pool/test_server.c

check_PROGRAMS += tests/unit/pool/test_registry
TESTS += tests/unit/pool/test_registry
tests_unit_pool_test_registry_SOURCES = tests/unit/pool/test_registry.c

check_PROGRAMS += tests/unit/pool/test_pool
TESTS += tests/unit/pool/test_pool
tests_unit_pool_test_pool_SOURCES = tests/unit/pool/test_pool.c
