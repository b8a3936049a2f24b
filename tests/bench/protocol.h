/* protocol: what the load generator asks of the bench's backend through a proxy. */
#ifndef BENCH_PROTOCOL_H
#define BENCH_PROTOCOL_H

#include <stdint.h>

/* Followed by `up` bytes; answered with `down` bytes when all of them are there. Both programs run
 * on one machine, so the bytes are in its order. */
struct bench_request {
    uint64_t up, down;
    uint32_t piece;         /* the answer is written in pieces of so many bytes; 0: as it comes */
    uint32_t server_closes; /* the server ends the connection after its answer */
};

#endif
