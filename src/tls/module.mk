# The files of src/tls.
libsluice_a_SOURCES += \
	src/tls/algorithms.c src/tls/algorithms.h \
	src/tls/cert_checks.c \
	src/tls/cert_file.c \
	src/tls/cert_names.c \
	src/tls/cert_objects.c src/tls/cert_objects.h \
	src/tls/cert_pem.c \
	src/tls/cert_priv.h \
	src/tls/cert_record.c src/tls/cert_record.h \
	src/tls/cert_self_signed.c \
	src/tls/libctx.c src/tls/libctx.h \
	src/tls/tls_error.c src/tls/tls_error.h

libsluice_a_SOURCES += \
	src/tls/accept.h \
	src/tls/bio.c src/tls/bio.h \
	src/tls/context.c src/tls/context.h \
	src/tls/policy.c \
	src/tls/thread.c src/tls/thread.h \
	src/tls/transport_tls.c
EXTRA_DIST += src/tls/README
