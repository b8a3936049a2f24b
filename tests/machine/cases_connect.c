/* Getting a server: retry, back-off, budget. */
#include "cases.h"

/* clang-format off */
#define REFUSES(server) \
    {BACK, DIAL, DIAL_FAILED, ERR_REFUSED, server}
/* clang-format on */

static const struct step refused_dial_is_tried_on_another_server[] = {
    SHAKEN,
    REFUSES("a"),
    {SESSION, IN, SESSION_CONNECT},
    BACKS_OFF(MS(50)),
    {BACK, DIAL, DIAL_DONE, 0, "b"},
    {BACK, LISTEN, DIAL_DONE},
    {BACK, READ, IO_WANT_READ},
    {FRONT, READ, IO_WANT_READ},
    {SESSION, RETRIED, .n = 1},
    {BACK, BLAMED, .n = 1},
    ENOUGH,
    {SESSION, LOGS, .text = "server=b server_addr=10.0.0.2:1 attempts=2 errors=a:refused "},
};

static const struct step dial_that_hangs_is_given_up_after_connect_timeout[] = {
    SHAKEN,
    {BACK, DIAL, DIAL_WAIT, 0, "a"},
    {CLOCK, PASSES, .n = S(3) - 1},
    {SESSION, IN, SESSION_CONNECT},
    {CLOCK, PASSES, .n = 1},
    {BACK, CANCEL},
    BACKS_OFF(MS(50)),
    {BACK, DIAL, DIAL_WAIT, 0, "b"},
    {BACK, WAKES},
    {BACK, RESULT, DIAL_DONE},
    {BACK, LISTEN, DIAL_DONE},
    {BACK, READ, IO_WANT_READ},
    {FRONT, READ, IO_WANT_READ},
    {BACK, BLAMED, .n = 1},
    ENOUGH,
    {SESSION, LOGS, .text = "errors=a:timeout "},
};

static const struct step dial_that_fails_later_is_tried_again[] = {
    SHAKEN,
    {BACK, DIAL, DIAL_WAIT, 0, "a"},
    {BACK, WAKES},
    {BACK, RESULT, DIAL_FAILED, ERR_UNREACHABLE},
    BACKS_OFF(MS(50)),
    {BACK, DIAL, DIAL_WAIT, 0, "b"},
    ENOUGH_DIALLING,
    {SESSION, LOGS, .text = "attempts=2 errors=a:unreachable "},
};

static const struct step all_servers_tried_starts_over_until_retry_max[] = {
    SHAKEN,
    REFUSES("a"),
    BACKS_OFF(MS(50)),
    REFUSES("b"),
    BACKS_OFF(MS(100)),
    REFUSES(NULL),
    BACKS_OFF(MS(200)),
    REFUSES(NULL),
    FRONT_CLOSES(CONN_ABORT, CLOSE_NO_SERVER),
    {SESSION, RETRIED, .n = 3},
    {BACK, BLAMED, .n = 2},
};

static const struct step late_errand_does_not_start_over[] = {
    SHAKEN,
    {BACK, DIAL, DIAL_WAIT, 0, "a"},
    {CLOCK, PASSES, .n = S(3)},
    {BACK, CANCEL},
    BACKS_OFF(MS(50)),
    FRONT_CLOSES(CONN_ABORT, CLOSE_NO_SERVER),
    {SESSION, LOGS, .text = "attempts=1 errors=a:timeout "},
    {SESSION, LOGS, .text = "reason=no-server"},
};

static const struct step retry_max_of_zero_means_one_attempt[] = {
    SHAKEN,
    REFUSES("a"),
    FRONT_CLOSES(CONN_ABORT, CLOSE_NO_SERVER),
    {SESSION, RETRIED, .n = 0},
};

static const struct step spent_budget_ends_the_errand_at_once[] = {
    {WORKER, SPENDS, .n = 29},
    SHAKEN,
    REFUSES("a"),
    BACKS_OFF(MS(50)),
    REFUSES("b"),
    FRONT_CLOSES(CONN_ABORT, CLOSE_NO_BUDGET),
    {SESSION, RETRIED, .n = 1},
    {SESSION, LOGS, .text = "attempts=2 errors=a:refused,b:refused "},
};

static const struct step budget_comes_back_with_time[] = {
    {WORKER, SPENDS, .n = 30},
    {CLOCK, PASSES, .n = S(11)},
    SHAKEN,
    REFUSES("a"),
    BACKS_OFF(MS(50)),
    {BACK, DIAL, DIAL_WAIT, 0, "b"},
    ENOUGH_DIALLING,
};

/* F58 */
static const struct step our_own_want_of_ports_is_never_blamed_on_a_server[] = {
    SHAKEN,
    {BACK, DIAL, DIAL_FAILED, ERR_LOCAL, "a"},
    BACKS_OFF(MS(50)),
    {BACK, DIAL, DIAL_FAILED, ERR_LOCAL, "b"},
    BACKS_OFF(MS(100)),
    {BACK, DIAL, DIAL_FAILED, ERR_MEMORY},
    BACKS_OFF(MS(200)),
    {BACK, DIAL, DIAL_FAILED, ERR_SYSTEM},
    FRONT_CLOSES(CONN_ABORT, CLOSE_LOCAL),
    {BACK, BLAMED, .n = 0},
};

static const struct step pool_of_resting_servers_has_none[] = {
    {BACK, RESTS},
    SHAKEN,
    FRONT_CLOSES(CONN_ABORT, CLOSE_NO_SERVER),
    {SESSION, LOGS, .text = "attempts=0 "},
    {SESSION, LOGS, .text = "detail=\"pool app has no server that takes connections\""},
};

/* F71: nothing of the client has left, nothing of the server came. */
static const struct step server_that_resets_untouched_is_replaced[] = {
    CONNECTED,
    {BACK, READ, IO_ERROR, ERR_RESET},
    {BACK, CLOSE, CONN_RESET},
    {SESSION, IN, SESSION_CONNECT},
    {FRONT, WANTS, 0},
    {BACK, BLAMED, .n = 1},
    BACKS_OFF(MS(50)),
    {BACK, DIAL, DIAL_DONE, 0, "b"},
    {BACK, LISTEN, DIAL_DONE},
    {BACK, READ, IO_WANT_READ},
    {FRONT, READ, IO_DONE, 10},
    {BACK, WRITE, IO_DONE, 10},
    {SESSION, RETRIED, .n = 1},
    ENOUGH,
    {SESSION, LOGS, .text = "server=b server_addr=10.0.0.2:1 attempts=2 errors=a:reset "},
};

static const struct step server_that_resets_while_it_is_listened_to_is_replaced[] = {
    SHAKEN,
    {BACK, DIAL, DIAL_DONE, 0, "a"},
    {BACK, LISTEN, DIAL_WAIT},
    {SESSION, IN, SESSION_CONNECT},
    {BACK, WAKES},
    {BACK, LISTEN, DIAL_FAILED, ERR_RESET},
    {BACK, BLAMED, .n = 1},
    BACKS_OFF(MS(50)),
    {BACK, DIAL, DIAL_WAIT, 0, "b"},
    ENOUGH_DIALLING,
};

static const struct step silent_server_is_believed_after_a_moment[] = {
    SHAKEN,
    {BACK, DIAL, DIAL_DONE, 0, "a"},
    {BACK, LISTEN, DIAL_WAIT},
    {CLOCK, PASSES, .n = MS(25) - 1},
    {SESSION, IN, SESSION_CONNECT},
    {CLOCK, PASSES, .n = 1},
    {BACK, READ, IO_WANT_READ},
    {FRONT, READ, IO_WANT_READ},
    {SESSION, IN, SESSION_RELAY},
    ENOUGH,
};

/* F71 */
static const struct step server_that_resets_after_the_clients_bytes_is_not_replaced[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
    {SESSION, RETRIED, .n = 0},
};

static const struct step server_that_resets_on_the_first_bytes_is_not_replaced[] = {
    CONNECTED,
    {BACK, READ, IO_WANT_READ},
    {FRONT, READ, IO_DONE, 10},
    {BACK, WRITE, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
    {SESSION, RETRIED, .n = 0},
};

/* A new server would never learn of an end that was passed on to the first one. */
static const struct step server_that_was_told_of_an_end_is_not_replaced[] = {
    RELAYING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_DONE},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
    {SESSION, RETRIED, .n = 0},
};

static const struct step untouched_server_is_not_replaced_without_budget[] = {
    {WORKER, SPENDS, .n = 30},
    CONNECTED,
    {BACK, READ, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
};

#define RETRY_NONE CONF_WITH(TLS_FRONT, TWO_SERVERS "retry-max = 0\n")

CASES(connect, CASE(refused_dial_is_tried_on_another_server),
    CASE(dial_that_hangs_is_given_up_after_connect_timeout),
    CASE(dial_that_fails_later_is_tried_again), CASE(all_servers_tried_starts_over_until_retry_max),
    CASE_WITH(late_errand_does_not_start_over, CONF_WITH(TLS_FRONT, ONE_SERVER)),
    CASE_WITH(retry_max_of_zero_means_one_attempt, RETRY_NONE),
    CASE(spent_budget_ends_the_errand_at_once), CASE(budget_comes_back_with_time),
    CASE(our_own_want_of_ports_is_never_blamed_on_a_server), CASE(pool_of_resting_servers_has_none),
    CASE(server_that_resets_untouched_is_replaced),
    CASE(server_that_resets_while_it_is_listened_to_is_replaced),
    CASE(silent_server_is_believed_after_a_moment),
    CASE(server_that_resets_after_the_clients_bytes_is_not_replaced),
    CASE(server_that_resets_on_the_first_bytes_is_not_replaced),
    CASE(server_that_was_told_of_an_end_is_not_replaced),
    CASE(untouched_server_is_not_replaced_without_budget))
