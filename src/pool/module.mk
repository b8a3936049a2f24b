libsluice_a_SOURCES += \
	src/pool/backoff.c src/pool/backoff.h \
	src/pool/budget.c src/pool/budget.h \
	src/pool/pool.c src/pool/pool.h \
	src/pool/registry.c src/pool/registry.h \
	src/pool/server.c src/pool/server.h
EXTRA_DIST += src/pool/README
