# Suites that need a build of their own, each in a folder below the build folder, configured once and then kept.
# Included by Makefile.am.

EXTRA_DIST += dev

# Which integration cases `make check` runs (options and names for tests/integration/run). The suites run all of them,
# unless the command line says otherwise.
INTEGRATION = --group smoke
ALL_CASES = $(if $(filter command,$(origin INTEGRATION)),,INTEGRATION=)
# Options for the cases of tests/fault: --long lets every call fail, not a sample.
FAULTS =
FOR = 30s

# $(call configure_in,folder,arguments of configure)
configure_in = $(MKDIR_P) $(1) && cd $(1) && \
	{ test -e Makefile || $(abs_top_srcdir)/configure --quiet --enable-werror $(2); }

# The ThreadSanitizer of gcc 12 does not start where the kernel chooses addresses with more than 28 random bits, as newer
# ones do (vm.mmap_rnd_bits); containers may not allow to do without.
without_aslr = $(shell setarch -R true 2>/dev/null && echo setarch -R)

.PHONY: lint format check-clang check-asan check-tsan check-faults check-valgrind fuzz run-fuzzers coverage bench run-bench clean-suites

lint: $(MANUAL)
	$(top_srcdir)/dev/lint $(MANUAL)

format:
	cd $(top_srcdir) && find src tests docs -name '*.[ch]' -exec clang-format -i {} +

check-clang:
	@$(call configure_in,clang,CC=clang)
	$(MAKE) -C clang check

check-asan:
	@$(call configure_in,asan,CC='$(CC)' CFLAGS='-O1 -g' --enable-sanitizer=address$(comma)undefined)
	$(MAKE) -C asan check $(ALL_CASES)

check-tsan:
	@$(call configure_in,tsan,CC='$(CC)' CFLAGS='-O1 -g' --enable-sanitizer=thread)
	$(without_aslr) $(MAKE) -C tsan check $(ALL_CASES)

check-faults:
	@$(call configure_in,faults,CC='$(CC)' CFLAGS='-O1 -g' --enable-faults --enable-sanitizer=address$(comma)undefined)
	$(MAKE) -C faults check TESTS='$(check_PROGRAMS) $(FAULT_CASES)'

# The programs only: what integration cases measure means nothing under valgrind.
check-valgrind:
	@$(call configure_in,valgrind,CC='$(CC)' CFLAGS='-O1 -g' --disable-hardening)
	$(MAKE) -C valgrind
	$(MAKE) -C valgrind check TESTS='$(check_PROGRAMS)' \
	    LOG_COMPILER='valgrind --quiet --leak-check=full --error-exitcode=99'

# TARGET=name runs one; FOR=60s gives each a minute. What a fuzzer finds stays in fuzz/; its input is printed with the failure.
fuzz:
	@$(call configure_in,fuzz,CC=clang --enable-fuzz)
	$(MAKE) -C fuzz run-fuzzers FUZZ_TARGETS='$(or $(TARGET),$(FUZZ_TARGETS))' FOR=$(FOR)

run-fuzzers: $(FUZZ_TARGETS:%=tests/fuzz/fuzz_%)
	for name in $(FUZZ_TARGETS); do \
	    $(MKDIR_P) found/$$name || exit 1; \
	    tests/fuzz/fuzz_$$name -max_total_time=$(FOR:s=) -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
	        -artifact_prefix=found/crash-$$name- found/$$name $(srcdir)/tests/fuzz/corpus/$$name || exit 1; \
	done

coverage:
	@$(call configure_in,coverage,CC=gcc CFLAGS='-O0 -g' --disable-hardening --enable-coverage)
	find coverage -name '*.gcda' -exec rm -f {} +
	$(MAKE) -C coverage check $(ALL_CASES)
	cd coverage && $(abs_top_srcdir)/dev/coverage

# A release build beside Debian's peers. ROUNDS=9, CASES=idle,upload, PEERS=sluice,hitch and WORKERS=2 choose.
bench:
	@$(call configure_in,bench,CC='$(CC)' CFLAGS='-O2 -g')
	$(MAKE) -C bench
	$(MAKE) -C bench run-bench

run-bench: sluice tests/bench/load tests/bench/backend
	SLUICE='$(abs_top_builddir)/sluice' SLUICE_SANITIZER='$(SLUICE_SANITIZER)' \
	    $(srcdir)/tests/bench/bench --programs tests/bench --csv bench.csv \
	    $(ROUNDS:%=--rounds %) $(CASES:%=--cases %) $(PEERS:%=--peers %) $(WORKERS:%=--workers %)

comma = ,

clean-suites:
	rm -rf clang asan tsan faults valgrind fuzz coverage bench
