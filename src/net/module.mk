# The files of src/net.
libsluice_a_SOURCES += \
	src/net/chunk.c src/net/chunk.h \
	src/net/conn.c src/net/conn.h \
	src/net/dial.c src/net/dial.h \
	src/net/listen_set.c src/net/listen_set.h \
	src/net/listener.c src/net/listener.h \
	src/net/reserve.c src/net/reserve.h \
	src/net/sock.c src/net/sock.h \
	src/net/transport_plain.c \
	src/net/watch.c src/net/watch.h \
	src/net/wire.c src/net/wire.h
EXTRA_DIST += src/net/README
