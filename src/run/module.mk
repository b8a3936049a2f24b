# The files of src/run.
libsluice_a_SOURCES += \
	src/run/demo.c src/run/demo.h \
	src/run/limits.c src/run/limits.h \
	src/run/mailbox.c src/run/mailbox.h \
	src/run/privileges.c src/run/privileges.h \
	src/run/process.c src/run/process.h \
	src/run/program.c src/run/program.h \
	src/run/reload.c src/run/reload.h \
	src/run/signals.c src/run/signals.h \
	src/run/try.c \
	src/run/worker.c src/run/worker.h \
	src/run/worker_listeners.c src/run/worker_listeners.h
EXTRA_DIST += src/run/README
