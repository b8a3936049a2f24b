# What the build itself promises, and the integration cases as one test.
TESTS += tests/build/test_hardening.sh tests/build/integration.sh
EXTRA_DIST += tests/build/test_hardening.sh tests/build/integration.sh tests/integration tests/lib
