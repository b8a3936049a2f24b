libsluice_a_SOURCES += \
	src/base/addr.c src/base/addr.h \
	src/base/clock.c src/base/clock.h \
	src/base/close_reason.def \
	src/base/counters.def \
	src/base/err.c src/base/err.h \
	src/base/list.h \
	src/base/log.c src/base/log.h \
	src/base/log_line.c src/base/log_line.h \
	src/base/log_queue.c src/base/log_queue.h \
	src/base/log_ring.c src/base/log_ring.h \
	src/base/log_sink.c src/base/log_sink.h \
	src/base/log_site.c src/base/log_site.h \
	src/base/log_writer.c src/base/log_writer.h \
	src/base/mem.c src/base/mem.h \
	src/base/rng.c src/base/rng.h \
	src/base/sys.h src/base/sys_calls.def \
	src/base/sys_fault.c src/base/sys_fault.h \
	src/base/text.c src/base/text.h \
	src/base/units.c src/base/units.h

# In the program only: unit tests have fakes of their own in the same places.
if WITH_FAULTS
sluice_SOURCES += src/base/sys_libev.c
endif
