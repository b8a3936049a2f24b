libsluice_a_SOURCES += \
	src/base/addr.c src/base/addr.h \
	src/base/clock.c src/base/clock.h \
	src/base/close_reason.def \
	src/base/counters.def \
	src/base/err.c src/base/err.h \
	src/base/list.h \
	src/base/mem.c src/base/mem.h \
	src/base/rng.c src/base/rng.h \
	src/base/sys.h src/base/sys_calls.def \
	src/base/text.c src/base/text.h \
	src/base/units.c src/base/units.h
