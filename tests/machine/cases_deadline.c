/* Deadlines: what moves them and what does not. */
#include "cases.h"

#include "proxy/shed.h"

#define PIECE 16384

/* total, not idle */
static const struct step progress_does_not_extend_the_handshake_F11[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_WANT_READ},
    {CLOCK, PASSES, .n = S(3)},
    {FRONT, READY, WATCH_READ},
    {FRONT, HANDSHAKE, IO_WANT_READ},
    {CLOCK, PASSES, .n = S(2) - 1},
    {SESSION, IN, SESSION_HANDSHAKE},
    {CLOCK, PASSES, .n = 1},
    FRONT_CLOSES(CONN_ABORT, CLOSE_HANDSHAKE_LATE),
};

static const struct step handshake_deadline_ends_with_the_handshake[] = {
    SHAKEN,
    {BACK, DIAL, DIAL_DONE},
    {BACK, LISTEN, DIAL_DONE},
    {BACK, READ, IO_WANT_READ},
    {FRONT, READ, IO_WANT_READ},
    {CLOCK, PASSES, .n = S(599)},
    {SESSION, IN, SESSION_RELAY},
    ENOUGH,
};

static const struct step bytes_put_off_the_idle_deadline[] = {
    TALKING,
    {CLOCK, PASSES, .n = S(599)},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 1},
    {FRONT, WRITE, IO_DONE, 1},
    {CLOCK, PASSES, .n = S(599)},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 1},
    {BACK, WRITE, IO_DONE, 1},
    {CLOCK, PASSES, .n = S(600) - 1},
    {SESSION, IN, SESSION_RELAY},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_ABORT, CLOSE_IDLE),
};

static const struct step bytes_that_came_but_cannot_leave_put_it_off_too[] = {
    TALKING,
    {CLOCK, PASSES, .n = S(9)},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 10},
    {FRONT, WRITE, IO_WANT_WRITE, 10},
    {CLOCK, PASSES, .n = S(10) - 1},
    {SESSION, IN, SESSION_RELAY},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_ABORT, CLOSE_IDLE),
};

/* What the kernel holds leaves without a word: megabytes, at a slow client's pace. */
static const struct step client_that_takes_what_the_kernel_holds_is_not_quiet_F14[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_DONE},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 5000},
    {FRONT, WRITE, IO_DONE, 5000},
    {FRONT, HOLDS, .n = 5000},
    {CLOCK, PASSES, .n = S(30) - 1},
    {FRONT, HOLDS, .n = 3000},
    {CLOCK, PASSES, .n = S(30)},
    {SESSION, IN, SESSION_DRAIN},
    {CLOCK, PASSES, .n = S(30)},
    BOTH_CLOSE(CONN_ABORT, CLOSE_HALF_CLOSE_LATE),
};

static const struct step server_that_takes_what_the_kernel_holds_is_not_quiet_F14[] = {
    TALKING,
    {BACK, HOLDS, .n = 100},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {CLOCK, PASSES, .n = S(30) - 1},
    {BACK, HOLDS, .n = 1},
    {CLOCK, PASSES, .n = S(30)},
    {SESSION, IN, SESSION_DRAIN},
    {BACK, HOLDS, .n = 0}, /* the last of it, maybe a moment ago */
    {CLOCK, PASSES, .n = S(30)},
    {SESSION, IN, SESSION_DRAIN},
    {CLOCK, PASSES, .n = S(30)},
    SERVER_ABORTS(CLOSE_HALF_CLOSE_LATE),
};

static const struct step what_a_client_took_before_the_quiet_time_does_not_count[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 5000},
    {FRONT, WRITE, IO_DONE, 5000},
    {FRONT, HOLDS, .n = 10},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_DONE},
    {CLOCK, PASSES, .n = S(30)},
    BOTH_CLOSE(CONN_ABORT, CLOSE_HALF_CLOSE_LATE),
};

static const struct step what_a_server_took_before_the_quiet_time_does_not_count[] = {
    TALKING,
    {BACK, HOLDS, .n = 10},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {CLOCK, PASSES, .n = S(30)},
    SERVER_ABORTS(CLOSE_HALF_CLOSE_LATE),
};

static const struct step client_that_takes_what_the_kernel_holds_is_not_stalled_F42[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 5000},
    {FRONT, WRITE, IO_DONE, 5000},
    {FRONT, HOLDS, .n = 5000},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, PIECE},
    {FRONT, WRITE, IO_WANT_WRITE, PIECE},
    {CLOCK, PASSES, .n = S(300) - 1},
    {FRONT, HOLDS, .n = 4999},
    {CLOCK, PASSES, .n = S(300)},
    {SESSION, IN, SESSION_RELAY},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_ABORT, CLOSE_CLIENT_STALLED),
};

/* What it was promised by a clean end is delivered; a reset would destroy it. */
static const struct step server_gets_what_it_was_promised_when_a_deadline_ends_the_session[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_DONE},
    {BACK, HOLDS, .n = 50},
    {CLOCK, PASSES, .n = S(60)},
    {BACK, CLOSE, CONN_CLOSE},
    {FRONT, CLOSE, CONN_ABORT},
    {SESSION, CLOSED, CLOSE_HALF_CLOSE_LATE},
};

/* They were started for the dial, for the moment after it and for idle-timeout. */
static const struct step bytes_start_no_timer[] = {
    TALKING,
    {CLOCK, STARTED, .n = 3},
    {CLOCK, PASSES, .n = S(1)},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 1},
    {FRONT, WRITE, IO_DONE, 1},
    {CLOCK, STARTED, .n = 3},
    {CLOCK, PASSES, .n = S(599)}, /* too early by one second: moved once */
    {CLOCK, STARTED, .n = 4},
    ENOUGH,
};

static const struct step durations_are_told[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_WANT_READ},
    {CLOCK, PASSES, .n = S(1)},
    {FRONT, READY, WATCH_READ},
    {FRONT, HANDSHAKE, IO_DONE},
    {BACK, DIAL, DIAL_WAIT},
    {CLOCK, PASSES, .n = S(2)},
    {BACK, WAKES},
    {BACK, RESULT, DIAL_DONE},
    {BACK, LISTEN, DIAL_DONE},
    {BACK, READ, IO_WANT_READ},
    {FRONT, READ, IO_WANT_READ},
    {CLOCK, PASSES, .n = S(4)},
    ENOUGH,
    {SESSION, LOGS, .text = "t_handshake_us=1000000 t_connect_us=2000000 t_total_us=7000000 "},
};

static const struct step events_without_bytes_do_not_put_off_the_idle_deadline[] = {
    TALKING,
    {CLOCK, PASSES, .n = S(599)},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_WANT_READ},
    {CLOCK, PASSES, .n = S(1)},
    BOTH_CLOSE(CONN_ABORT, CLOSE_IDLE),
};

static const struct step half_closed_session_has_a_deadline_of_its_own_F65[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_DONE},
    {CLOCK, PASSES, .n = S(30) - 1},
    {SESSION, IN, SESSION_DRAIN},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_ABORT, CLOSE_HALF_CLOSE_LATE),
};

static const struct step half_close_deadline_begins_with_the_end[] = {
    TALKING,
    {CLOCK, PASSES, .n = S(20)},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_DONE},
    {CLOCK, PASSES, .n = S(30) - 1},
    {SESSION, IN, SESSION_DRAIN},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_ABORT, CLOSE_HALF_CLOSE_LATE),
};

static const struct step bytes_put_off_the_half_close_deadline[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_DONE},
    {CLOCK, PASSES, .n = S(29)},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 100},
    {FRONT, WRITE, IO_DONE, 100},
    {CLOCK, PASSES, .n = S(30) - 1},
    {SESSION, IN, SESSION_DRAIN},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_ABORT, CLOSE_HALF_CLOSE_LATE),
};

/* A client that takes an answer slowly is no quiet one. */
static const struct step bytes_that_leave_put_off_the_half_close_deadline_too[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_DONE},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, PIECE},
    {FRONT, WRITE, IO_WANT_WRITE, PIECE},
    {CLOCK, PASSES, .n = S(29)},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_WANT_WRITE, 1},
    {CLOCK, PASSES, .n = S(30) - 1},
    {SESSION, IN, SESSION_DRAIN},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_ABORT, CLOSE_HALF_CLOSE_LATE),
};

/* the server's bytes come no further than to us */
static const struct step client_that_takes_nothing_is_let_go_F42[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, PIECE},
    {FRONT, WRITE, IO_WANT_WRITE, PIECE},
    {CLOCK, PASSES, .n = S(300) - 1},
    {SESSION, IN, SESSION_RELAY},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_ABORT, CLOSE_CLIENT_STALLED),
};

static const struct step server_that_takes_nothing_is_let_go[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, PIECE},
    {BACK, WRITE, IO_WANT_WRITE, PIECE},
    {CLOCK, PASSES, .n = S(300) - 1},
    {SESSION, IN, SESSION_RELAY},
    {CLOCK, PASSES, .n = 1},
    BOTH_CLOSE(CONN_ABORT, CLOSE_SERVER_STALLED),
};

static const struct step slow_client_that_takes_something_is_kept[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, PIECE},
    {FRONT, WRITE, IO_WANT_WRITE, PIECE},
    {CLOCK, PASSES, .n = S(299)},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_WANT_WRITE, 1},
    {CLOCK, PASSES, .n = S(299)},
    {SESSION, IN, SESSION_RELAY},
    {CLOCK, PASSES, .n = S(1)},
    BOTH_CLOSE(CONN_ABORT, CLOSE_CLIENT_STALLED),
};

static const struct step busy_upload_does_not_save_a_client_that_takes_nothing_F42[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, PIECE},
    {FRONT, WRITE, IO_WANT_WRITE, PIECE},
    {CLOCK, PASSES, .n = S(200)},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 1},
    {BACK, WRITE, IO_DONE, 1},
    {CLOCK, PASSES, .n = S(100)},
    BOTH_CLOSE(CONN_ABORT, CLOSE_CLIENT_STALLED),
};

static const struct step stall_is_over_when_all_has_left[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, PIECE - 1},
    {FRONT, WRITE, IO_WANT_WRITE, PIECE - 1},
    {CLOCK, PASSES, .n = S(299)},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_DONE},
    {CLOCK, PASSES, .n = S(300)},
    {SESSION, IN, SESSION_RELAY},
    ENOUGH,
};

static const struct step close_notify_that_cannot_leave_stalls_too_F65[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_WANT_WRITE},
    {SESSION, IN, SESSION_DRAIN},
    {CLOCK, PASSES, .n = S(2)},
    BOTH_CLOSE(CONN_ABORT, CLOSE_CLIENT_STALLED),
};

static const struct step stalled_client_is_shed_when_memory_is_short_F60[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, PIECE},
    {FRONT, WRITE, IO_WANT_WRITE, PIECE},
    {WORKER, SHEDS, .n = SHED_STALLED_PERCENT - 1},
    {SESSION, IN, SESSION_RELAY},
    {WORKER, SHEDS, .n = SHED_STALLED_PERCENT},
    BOTH_CLOSE(CONN_ABORT, CLOSE_MEMORY_LIMIT),
};

static const struct step session_that_holds_no_bytes_is_not_shed_F60[] = {
    TALKING,
    {WORKER, SHEDS, .n = 100},
    {SESSION, IN, SESSION_RELAY},
    ENOUGH,
};

/* Looking through all sessions takes its time. */
static const struct step shedding_is_done_seldom[] = {
    TALKING,
    {WORKER, SHEDS, .n = 100},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, PIECE},
    {FRONT, WRITE, IO_WANT_WRITE, PIECE},
    {CLOCK, PASSES, .n = MS(10) - 1},
    {WORKER, SHEDS, .n = 100},
    {SESSION, IN, SESSION_RELAY},
    {CLOCK, PASSES, .n = 1},
    {WORKER, SHEDS, .n = 100},
    BOTH_CLOSE(CONN_ABORT, CLOSE_MEMORY_LIMIT),
};

#define SHORT_IDLE CONF_WITH(TLS_FRONT "idle-timeout = 10s\n", TWO_SERVERS)

CASES(deadline, CASE(progress_does_not_extend_the_handshake_F11),
    CASE(handshake_deadline_ends_with_the_handshake), CASE(bytes_put_off_the_idle_deadline),
    CASE(events_without_bytes_do_not_put_off_the_idle_deadline),
    CASE_WITH(bytes_that_came_but_cannot_leave_put_it_off_too, SHORT_IDLE),
    CASE(client_that_takes_what_the_kernel_holds_is_not_quiet_F14),
    CASE(server_that_takes_what_the_kernel_holds_is_not_quiet_F14),
    CASE(what_a_client_took_before_the_quiet_time_does_not_count),
    CASE(what_a_server_took_before_the_quiet_time_does_not_count),
    CASE(client_that_takes_what_the_kernel_holds_is_not_stalled_F42),
    CASE(server_gets_what_it_was_promised_when_a_deadline_ends_the_session),
    CASE(bytes_start_no_timer), CASE(durations_are_told),
    CASE(half_close_deadline_begins_with_the_end),
    CASE(half_closed_session_has_a_deadline_of_its_own_F65),
    CASE(bytes_put_off_the_half_close_deadline),
    CASE(bytes_that_leave_put_off_the_half_close_deadline_too),
    CASE(client_that_takes_nothing_is_let_go_F42), CASE(server_that_takes_nothing_is_let_go),
    CASE(slow_client_that_takes_something_is_kept),
    CASE(busy_upload_does_not_save_a_client_that_takes_nothing_F42),
    CASE(stall_is_over_when_all_has_left), CASE(stalled_client_is_shed_when_memory_is_short_F60),
    CASE(session_that_holds_no_bytes_is_not_shed_F60), CASE(shedding_is_done_seldom),
    CASE_WITH(close_notify_that_cannot_leave_stalls_too_F65, SHORT_WRITE))
