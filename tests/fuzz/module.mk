# Fuzz targets: FUZZ_TARGETS += name for tests/fuzz/fuzz_name.c with tests/fuzz/corpus/name/.
