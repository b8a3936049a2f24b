/* Bytes both ways: back-pressure and fairness. */
#include "cases.h"

#define PIECE 16384 /* `buffer` */

static const struct step bytes_pass_both_ways[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 200},
    {FRONT, WRITE, IO_DONE, 200},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 1},
    {BACK, WRITE, IO_DONE, 1},
    {FRONT, WANTS, WATCH_READ},
    {BACK, WANTS, WATCH_READ},
    ENOUGH,
    {SESSION, LOGS, .text = "bytes_in=101 bytes_out=200 "},
};

static const struct step server_that_speaks_first_is_heard[] = {
    CONNECTED,
    {BACK, READ, IO_DONE, 30},
    {FRONT, WRITE, IO_DONE, 30},
    {FRONT, READ, IO_WANT_READ},
    ENOUGH,
};

static const struct step server_is_not_read_while_the_client_takes_nothing_F44[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, PIECE},
    {FRONT, WRITE, IO_WANT_WRITE, PIECE}, /* and no further read, though the socket has more */
    {BACK, WANTS, 0},
    {FRONT, WANTS, WATCH_READ | WATCH_WRITE},
    {FRONT, READY, WATCH_READ}, /* the other direction goes on meanwhile */
    {FRONT, READ, IO_DONE, 5},
    {BACK, WRITE, IO_DONE, 5},
    {BACK, WANTS, 0},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_WANT_WRITE, PIECE - 1},
    {BACK, WANTS, 0},
    {FRONT, WANTS, WATCH_READ | WATCH_WRITE},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_DONE},
    {BACK, READ, IO_WANT_READ}, /* what was left there is asked for without waiting for an event */
    {BACK, WANTS, WATCH_READ},
    {FRONT, WANTS, WATCH_READ},
    ENOUGH,
};

static const struct step client_is_not_read_while_the_server_takes_nothing_F44[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, PIECE},
    {BACK, WRITE, IO_WANT_WRITE, PIECE},
    {FRONT, WANTS, 0},
    {BACK, WANTS, WATCH_READ | WATCH_WRITE},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 5},
    {FRONT, WRITE, IO_DONE, 5},
    {FRONT, WANTS, 0},
    {BACK, READY, WATCH_WRITE},
    {BACK, FLUSH, IO_DONE},
    {FRONT, READ, IO_WANT_READ},
    {FRONT, WANTS, WATCH_READ},
    {BACK, WANTS, WATCH_READ},
    ENOUGH,
};

/* TLS: bytes that no event of the socket will tell of, while their way is blocked. */
static const struct step buffered_bytes_go_on_when_the_way_is_free_again[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE_AND_MORE, 1000},
    {BACK, WRITE, IO_WANT_WRITE, 1000},
    {FRONT, WANTS, 0},
    {BACK, READY, WATCH_WRITE},
    {BACK, FLUSH, IO_DONE},
    {FRONT, READ, IO_DONE, 500},
    {BACK, WRITE, IO_DONE, 500},
    ENOUGH,
};

/* RELAY_TURN is four pieces. */
static const struct step fat_stream_leaves_the_worker_to_others_after_its_turn_F67[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, PIECE},
    {FRONT, WRITE, IO_DONE, PIECE},
    {BACK, READ, IO_DONE, PIECE},
    {FRONT, WRITE, IO_DONE, PIECE},
    {BACK, READ, IO_DONE, PIECE},
    {FRONT, WRITE, IO_DONE, PIECE},
    {BACK, READ, IO_DONE, PIECE},
    {FRONT, WRITE, IO_DONE, PIECE},
    {BACK, WANTS, WATCH_READ},
    {BACK, AGAIN},
    {BACK, READ, IO_DONE, PIECE},
    {FRONT, WRITE, IO_DONE, PIECE},
    {BACK, READ, IO_WANT_READ},
    ENOUGH,
};

/* clang-format off */
#define TINY \
    {FRONT, READ, IO_DONE_AND_MORE, 1}, \
    {BACK, WRITE, IO_DONE, 1}
#define FOUR_TINY TINY, TINY, TINY, TINY
#define SIXTEEN_TINY FOUR_TINY, FOUR_TINY, FOUR_TINY, FOUR_TINY
/* clang-format on */

static const struct step many_tiny_pieces_leave_the_worker_to_others_too_F67[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    SIXTEEN_TINY,
    SIXTEEN_TINY,
    SIXTEEN_TINY,
    SIXTEEN_TINY,
    {FRONT, AGAIN},
    {FRONT, READ, IO_DONE, 1},
    {BACK, WRITE, IO_DONE, 1},
    ENOUGH,
};

/* TLS 1.3 pads records as it likes. */
static const struct step bytes_that_are_no_data_leave_the_worker_to_others_too_F67[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE_AND_MORE, 1, "padded"},
    {BACK, WRITE, IO_DONE, 1},
    {FRONT, READ, IO_DONE_AND_MORE, 1, "padded"},
    {BACK, WRITE, IO_DONE, 1},
    {FRONT, AGAIN},
    {FRONT, READ, IO_DONE, 1},
    {BACK, WRITE, IO_DONE, 1},
    ENOUGH,
};

static const struct step buffered_bytes_beyond_the_turn_are_not_forgotten_F67[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, PIECE},
    {BACK, WRITE, IO_DONE, PIECE},
    {FRONT, READ, IO_DONE, PIECE},
    {BACK, WRITE, IO_DONE, PIECE},
    {FRONT, READ, IO_DONE, PIECE},
    {BACK, WRITE, IO_DONE, PIECE},
    {FRONT, READ, IO_DONE_AND_MORE, PIECE - 1},
    {BACK, WRITE, IO_DONE, PIECE - 1},
    {FRONT, READ, IO_DONE_AND_MORE, PIECE - 1},
    {BACK, WRITE, IO_DONE, PIECE - 1},
    {FRONT, AGAIN},
    {FRONT, READ, IO_DONE, 3},
    {BACK, WRITE, IO_DONE, 3},
    ENOUGH,
};

/* TLS again: a read that cannot go on before something was written. */
static const struct step read_that_must_write_first_waits_for_room[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_WANT_WRITE},
    {FRONT, WANTS, WATCH_WRITE}, /* bytes that it cannot take yet would wake it for ever */
    {FRONT, READY, WATCH_WRITE},
    {FRONT, READ, IO_DONE, 7},
    {BACK, WRITE, IO_DONE, 7},
    {FRONT, WANTS, WATCH_READ},
    ENOUGH,
};

/* Buffered bytes are no reason to try again before there is room. */
static const struct step read_that_must_write_first_is_not_woken_by_what_is_buffered[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE_AND_MORE, 7},
    {BACK, WRITE, IO_DONE, 7},
    {FRONT, READ, IO_WANT_WRITE},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, READ, IO_DONE, 7},
    {BACK, WRITE, IO_DONE, 7},
    ENOUGH,
};

static const struct step bytes_that_cannot_be_parked_end_the_session_F61[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 7},
    {BACK, WRITE, IO_DONE, 7},
    {FRONT, PARK, IO_ERROR},
    BOTH_CLOSE(CONN_ABORT, CLOSE_LOCAL),
};

static const struct step bytes_of_the_server_that_cannot_be_parked_end_it_too_F61[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 7},
    {FRONT, WRITE, IO_DONE, 7},
    {BACK, PARK, IO_ERROR},
    BOTH_CLOSE(CONN_ABORT, CLOSE_LOCAL),
};

static const struct step server_that_ended_and_cannot_be_parked_ends_it_too_F61[] = {
    RELAYING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {BACK, PARK, IO_ERROR},
    SERVER_ABORTS(CLOSE_LOCAL),
};

CASES(relay, CASE(bytes_pass_both_ways), CASE(server_that_speaks_first_is_heard),
    CASE(server_is_not_read_while_the_client_takes_nothing_F44),
    CASE(client_is_not_read_while_the_server_takes_nothing_F44),
    CASE(buffered_bytes_go_on_when_the_way_is_free_again),
    CASE(fat_stream_leaves_the_worker_to_others_after_its_turn_F67),
    CASE(many_tiny_pieces_leave_the_worker_to_others_too_F67),
    CASE(bytes_that_are_no_data_leave_the_worker_to_others_too_F67),
    CASE(buffered_bytes_beyond_the_turn_are_not_forgotten_F67),
    CASE(read_that_must_write_first_waits_for_room),
    CASE(read_that_must_write_first_is_not_woken_by_what_is_buffered),
    CASE(bytes_that_cannot_be_parked_end_the_session_F61),
    CASE(bytes_of_the_server_that_cannot_be_parked_end_it_too_F61),
    CASE(server_that_ended_and_cannot_be_parked_ends_it_too_F61))
