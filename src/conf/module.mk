libsluice_a_SOURCES += \
	src/conf/arena.c src/conf/arena.h \
	src/conf/build.c src/conf/build.h \
	src/conf/collect.c src/conf/collect.h \
	src/conf/conf.c src/conf/conf.h \
	src/conf/effective.c \
	src/conf/env.c src/conf/env.h \
	src/conf/file.c src/conf/file.h \
	src/conf/hint.c src/conf/hint.h \
	src/conf/lines.c src/conf/lines.h \
	src/conf/problems.c src/conf/problems.h \
	src/conf/reader.c src/conf/reader.h \
	src/conf/schema.c src/conf/schema.def src/conf/schema.h \
	src/conf/suggest.c src/conf/suggest.h \
	src/conf/table.c src/conf/table.h \
	src/conf/validate.c src/conf/validate.h \
	src/conf/values.c src/conf/values.h \
	src/conf/values_addr.c src/conf/values_priv.h
