libsluice_a_SOURCES += \
	src/balance/balancer.c src/balance/balancer.h \
	src/balance/least_conn.c \
	src/balance/round_robin.c \
	src/balance/smooth_order.c src/balance/smooth_order.h
EXTRA_DIST += src/balance/README
