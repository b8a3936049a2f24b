# The files of src/proxy.
libsluice_a_SOURCES += \
	src/proxy/access_fields.def src/proxy/access_log.c src/proxy/access_log.h \
	src/proxy/close_reason.c src/proxy/close_reason.h \
	src/proxy/connector.c src/proxy/connector.h \
	src/proxy/context.c src/proxy/context.h \
	src/proxy/counters.c src/proxy/counters.h \
	src/proxy/relay.c src/proxy/relay.h \
	src/proxy/session.c src/proxy/session.h \
	src/proxy/session_steps.c src/proxy/session_steps.def src/proxy/session_steps.h \
	src/proxy/shed.c src/proxy/shed.h
EXTRA_DIST += src/proxy/README
