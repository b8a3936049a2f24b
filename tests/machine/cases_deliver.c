/* F59: a server ends its answer before it has taken all of the request. The answer reaches the
 * client whole, though the client still sends what nobody takes any more. */
#include "cases.h"

#define PIECE 16384

/* clang-format off */

/* The client's bytes find a server that has sent FIN, then RST. */
#define REFUSED \
    TALKING, \
    {FRONT, READY, WATCH_READ}, \
    {FRONT, READ, IO_DONE, 1000}, \
    {BACK, WRITE, IO_ERROR, ERR_RESET, "deaf"}, \
    {SESSION, IN, SESSION_DELIVER}
/* Its answer does not fit into the client's socket. */
#define BLOCKED \
    REFUSED, \
    {BACK, READY, WATCH_READ}, \
    {BACK, READ, IO_DONE, PIECE}, \
    {FRONT, WRITE, IO_WANT_WRITE, PIECE}, \
    {SESSION, IN, SESSION_DELIVER}
/* It did. */
#define DELIVERED \
    REFUSED, \
    {BACK, READY, WATCH_READ}, \
    {BACK, READ, IO_DONE, 300}, \
    {FRONT, WRITE, IO_DONE, 300}, \
    {BACK, READY, WATCH_READ}, \
    {BACK, READ, IO_EOF}, \
    {FRONT, FINISH, IO_DONE}, \
    {FRONT, FIN, IO_DONE}, \
    {SESSION, IN, SESSION_LINGER}, \
    {BACK, WANTS, 0}, \
    {FRONT, WANTS, WATCH_READ}

/* clang-format on */

static const struct step answer_of_a_server_that_takes_no_more_is_delivered_F59[] = {
    DELIVERED,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 5000},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_SERVER_DONE),
    {BACK, BLAMED, .n = 0},
    {SESSION, LOGS, .text = "bytes_out=300 "},
    {SESSION, LOGS, .text = "side=server reason=server-done"},
};

static const struct step answer_that_was_there_already_is_delivered_at_once_F59[] = {
    CONNECTED,
    {BACK, READ, IO_WANT_READ},
    {FRONT, READ, IO_DONE, PIECE},
    {BACK, WRITE, IO_WANT_WRITE, PIECE},
    {BACK, READY, WATCH_READ | WATCH_WRITE},
    {BACK, READ, IO_DONE, 300},
    {FRONT, WRITE, IO_DONE, 300},
    {BACK, FLUSH, IO_ERROR, ERR_RESET, "deaf"},
    {FRONT, READ, IO_WANT_READ},
    {SESSION, IN, SESSION_DELIVER},
    {BACK, WANTS, WATCH_READ},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_SERVER_DONE),
};

static const struct step client_that_does_not_stop_sending_is_let_go_after_two_seconds_F59[] = {
    DELIVERED,
    {CLOCK, PASSES, .n = S(1)},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 5000},
    {CLOCK, PASSES, .n = S(1) - 1},
    {SESSION, IN, SESSION_LINGER},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_SERVER_DONE),
};

static const struct step two_seconds_begin_when_the_last_byte_has_left_F59[] = {
    BLOCKED,
    {CLOCK, PASSES, .n = S(20)},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_DONE},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {CLOCK, PASSES, .n = S(2) - 1},
    {SESSION, IN, SESSION_LINGER},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_SERVER_DONE),
};

static const struct step two_seconds_begin_when_the_end_has_left[] = {
    REFUSED,
    {CLOCK, PASSES, .n = S(20)},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {CLOCK, PASSES, .n = S(2) - 1},
    {SESSION, IN, SESSION_LINGER},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_SERVER_DONE),
};

static const struct step close_notify_belongs_to_the_answer[] = {
    REFUSED,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_WANT_WRITE},
    {SESSION, IN, SESSION_DELIVER},
    {CLOCK, PASSES, .n = S(2)},
    {SESSION, IN, SESSION_DELIVER},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {SESSION, IN, SESSION_LINGER},
    {WORKER, STOPS},
    SERVER_ABORTS(CLOSE_SHUTDOWN),
};

static const struct step two_seconds_begin_anew_after_a_quiet_time_F59[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {CLOCK, PASSES, .n = S(20)},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 1000},
    {BACK, WRITE, IO_ERROR, ERR_RESET, "deaf"},
    {CLOCK, PASSES, .n = S(2) - 1},
    {SESSION, IN, SESSION_LINGER},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_SERVER_DONE),
};

static const struct step two_seconds_are_counted_from_what_the_client_took_last_F59[] = {
    REFUSED,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 300},
    {FRONT, WRITE, IO_DONE, 300},
    {FRONT, HOLDS, .n = 300},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {CLOCK, PASSES, .n = S(2) - 1},
    {FRONT, HOLDS, .n = 200},
    {CLOCK, PASSES, .n = S(2)},
    {SESSION, IN, SESSION_LINGER},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_SERVER_DONE),
};

static const struct step client_that_ends_first_still_gets_all_of_the_answer_F59[] = {
    BLOCKED,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {SESSION, IN, SESSION_DELIVER},
    {FRONT, WANTS, WATCH_WRITE},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_DONE},
    {BACK, READ, IO_DONE, 20},
    {FRONT, WRITE, IO_DONE, 20},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_SERVER_DONE),
};

/* What nobody takes is read and forgotten, and the server is not read beyond what the client
 * takes. */
static const struct step discarded_bytes_need_no_room_F44[] = {
    BLOCKED,
    {BACK, WANTS, 0},
    {FRONT, WANTS, WATCH_READ | WATCH_WRITE},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, PIECE},
    {FRONT, READ, IO_DONE, PIECE - 1},
    {BACK, WANTS, 0},
    ENOUGH,
};

static const struct step fat_upload_to_nobody_leaves_the_worker_to_others_after_its_turn_F67[] = {
    DELIVERED,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, PIECE},
    {FRONT, READ, IO_DONE, PIECE},
    {FRONT, READ, IO_DONE, PIECE},
    {FRONT, READ, IO_DONE, PIECE},
    {FRONT, AGAIN},
    {FRONT, READ, IO_DONE_AND_MORE, PIECE - 1},
    {FRONT, READ, IO_DONE, 1},
    {WORKER, STOPS},
    SERVER_ABORTS(CLOSE_SHUTDOWN),
};

/* ---- an answer that is not delivered must not look as if it were (P3) ---- */

static const struct step client_that_takes_no_answer_is_let_go_with_an_alert_F73[] = {
    BLOCKED,
    {CLOCK, PASSES, .n = S(30) - 1},
    {SESSION, IN, SESSION_DELIVER},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_ABORT, CLOSE_HALF_CLOSE_LATE),
};

static const struct step client_that_sends_but_takes_nothing_is_let_go_too_F42[] = {
    BLOCKED,
    {CLOCK, PASSES, .n = S(1)},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 5000},
    {CLOCK, PASSES, .n = S(1)},
    BOTH_CLOSE(CONN_ABORT, CLOSE_CLIENT_STALLED),
};

static const struct step slow_client_that_takes_some_of_the_answer_is_kept[] = {
    BLOCKED,
    {CLOCK, PASSES, .n = S(29)},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_WANT_WRITE, 1},
    {CLOCK, PASSES, .n = S(30) - 1},
    {SESSION, IN, SESSION_DELIVER},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_ABORT, CLOSE_HALF_CLOSE_LATE),
};

static const struct step client_that_resets_during_the_delivery_is_reset[] = {
    BLOCKED,
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_CLIENT_RESET),
};

static const struct step client_that_breaks_while_it_is_not_listened_to_is_reset[] = {
    BLOCKED,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_ERROR, ERR_TLS},
    BOTH_CLOSE(CONN_RESET, CLOSE_CLIENT_TLS),
};

static const struct step client_that_cuts_after_the_delivery_is_reset[] = {
    DELIVERED,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_ERROR, ERR_TRUNCATED},
    BOTH_CLOSE(CONN_RESET, CLOSE_CLIENT_CUT),
};

static const struct step answer_that_breaks_off_after_all_is_reset_F73[] = {
    BLOCKED,
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_DONE},
    {BACK, READ, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
};

static const struct step bytes_that_cannot_be_parked_end_the_delivery_F61[] = {
    BLOCKED,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 7},
    {FRONT, PARK, IO_ERROR},
    BOTH_CLOSE(CONN_ABORT, CLOSE_LOCAL),
};

static const struct step stop_during_the_delivery_aborts_both[] = {
    BLOCKED,
    {WORKER, STOPS},
    BOTH_CLOSE(CONN_ABORT, CLOSE_SHUTDOWN),
};

/* ---- a server that ended, and breaks later ---- */

/* Bytes for nobody keep neither a watcher nor a deadline. */
static const struct step server_that_is_lost_after_its_end_leaves_nothing_waiting_F65[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 1000},
    {BACK, WRITE, IO_WANT_WRITE, 1000},
    {BACK, WANTS, WATCH_WRITE},
    {CLOCK, PASSES, .n = S(1)},
    {BACK, READY, WATCH_WRITE},
    {BACK, FLUSH, IO_ERROR, ERR_TIMEOUT},
    {SESSION, IN, SESSION_LINGER},
    {BACK, WANTS, 0},
    {CLOCK, PASSES, .n = S(2)},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_SERVER_DONE),
};

static const struct step server_that_ended_without_a_word_is_not_replaced_F71[] = {
    RELAYING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_SERVER_DONE),
    {SESSION, RETRIED, .n = 0},
};

static const struct step server_that_breaks_right_after_its_end_is_not_replaced_F71[] = {
    RELAYING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {BACK, FLUSH, IO_ERROR, ERR_RESET},
    {SESSION, IN, SESSION_LINGER},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_SERVER_DONE),
    {SESSION, RETRIED, .n = 0},
};

/* The server is alive and must not take a cut request for a whole one. */
static const struct step our_own_failure_is_never_the_end_of_the_server_F61[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 1000},
    {BACK, WRITE, IO_ERROR, ERR_MEMORY},
    SERVER_ABORTS(CLOSE_LOCAL),
};

/* ---- the same the other way round: a client that is gone has left all that it had to say ---- */

/* clang-format off */

/* The server's bytes find a client that has sent FIN, then RST; more of the request is there. */
#define LEFT_ALL \
    TALKING, \
    {BACK, READY, WATCH_READ}, \
    {BACK, READ, IO_DONE, 10}, \
    {FRONT, WRITE, IO_ERROR, ERR_RESET, "deaf"}, \
    {SESSION, IN, SESSION_BEQUEATH}

/* clang-format on */

static const struct step server_gets_all_of_a_request_whose_client_is_gone[] = {
    LEFT_ALL,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 1000},
    {BACK, WRITE, IO_WANT_WRITE, 1000},
    {BACK, READY, WATCH_READ}, /* what it answers is for nobody */
    {BACK, READ, IO_DONE, 5000},
    {BACK, READY, WATCH_WRITE},
    {BACK, FLUSH, IO_DONE},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_DONE},
    BOTH_CLOSE(CONN_RESET, CLOSE_CLIENT_RESET),
    {SESSION, LOGS, .text = "bytes_in=1100 "},
};

static const struct step end_that_waits_for_the_server_outlives_the_client[] = {
    TALKING, {FRONT, READY, WATCH_READ}, {FRONT, READ, IO_EOF}, {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_DONE}, {SESSION, IN, SESSION_DRAIN}, {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 10}, {FRONT, WRITE, IO_ERROR, ERR_RESET, "deaf"},
    BOTH_CLOSE(CONN_RESET, CLOSE_CLIENT_RESET), /* the server has it all */
};

static const struct step request_that_was_cut_after_all_is_reset[] = {
    LEFT_ALL,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_ERROR, ERR_TRUNCATED},
    BOTH_CLOSE(CONN_RESET, CLOSE_CLIENT_CUT),
};

static const struct step server_that_breaks_meanwhile_ends_it[] = {
    LEFT_ALL,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
};

static const struct step server_that_takes_nothing_from_the_gone_is_let_go[] = {
    LEFT_ALL,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 1000},
    {BACK, WRITE, IO_WANT_WRITE, 1000},
    {CLOCK, PASSES, .n = S(30)},
    BOTH_CLOSE(CONN_ABORT, CLOSE_HALF_CLOSE_LATE),
};

CASES(deliver, CASE(server_gets_all_of_a_request_whose_client_is_gone),
    CASE(end_that_waits_for_the_server_outlives_the_client),
    CASE(request_that_was_cut_after_all_is_reset), CASE(server_that_breaks_meanwhile_ends_it),
    CASE(server_that_takes_nothing_from_the_gone_is_let_go),
    CASE(answer_of_a_server_that_takes_no_more_is_delivered_F59),
    CASE(answer_that_was_there_already_is_delivered_at_once_F59),
    CASE(client_that_does_not_stop_sending_is_let_go_after_two_seconds_F59),
    CASE(two_seconds_begin_when_the_last_byte_has_left_F59),
    CASE(two_seconds_begin_when_the_end_has_left), CASE(close_notify_belongs_to_the_answer),
    CASE(two_seconds_begin_anew_after_a_quiet_time_F59),
    CASE(two_seconds_are_counted_from_what_the_client_took_last_F59),
    CASE(client_that_ends_first_still_gets_all_of_the_answer_F59),
    CASE(discarded_bytes_need_no_room_F44),
    CASE(fat_upload_to_nobody_leaves_the_worker_to_others_after_its_turn_F67),
    CASE(client_that_takes_no_answer_is_let_go_with_an_alert_F73),
    CASE_WITH(client_that_sends_but_takes_nothing_is_let_go_too_F42, SHORT_WRITE),
    CASE(slow_client_that_takes_some_of_the_answer_is_kept),
    CASE(client_that_resets_during_the_delivery_is_reset),
    CASE(client_that_breaks_while_it_is_not_listened_to_is_reset),
    CASE(client_that_cuts_after_the_delivery_is_reset),
    CASE(answer_that_breaks_off_after_all_is_reset_F73),
    CASE(bytes_that_cannot_be_parked_end_the_delivery_F61),
    CASE(stop_during_the_delivery_aborts_both),
    CASE_WITH(server_that_is_lost_after_its_end_leaves_nothing_waiting_F65, SHORT_WRITE),
    CASE(server_that_ended_without_a_word_is_not_replaced_F71),
    CASE(server_that_breaks_right_after_its_end_is_not_replaced_F71),
    CASE(our_own_failure_is_never_the_end_of_the_server_F61))
