# The files of src/snapshot.
libsluice_a_SOURCES += \
	src/snapshot/assets.c src/snapshot/assets.h \
	src/snapshot/build.c \
	src/snapshot/certificates.c src/snapshot/certificates.h \
	src/snapshot/snapshot.c src/snapshot/snapshot.h \
	src/snapshot/view.c src/snapshot/view.h
EXTRA_DIST += src/snapshot/README
