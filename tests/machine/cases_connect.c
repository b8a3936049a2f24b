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

static const struct step dial_that_hangs_is_given_up_after_connect_timeout_F78[] = {
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
    {BACK, FAILED, .n = 4},
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
    {SESSION, LOGS,
        .text = "reason=no-server detail=\"connecting: no answer within connect-timeout\""},
};

static const struct step stop_during_a_back_off_ends_the_errand[] = {
    SHAKEN,
    REFUSES("a"),
    {WORKER, STOPS},
    FRONT_CLOSES(CONN_ABORT, CLOSE_SHUTDOWN),
    {SESSION, LOGS, .text = "attempts=1 errors=a:refused "},
};

static const struct step refused_dial_is_not_retried_unless_retry_on_says_so[] = {
    SHAKEN,
    REFUSES("a"),
    FRONT_CLOSES(CONN_ABORT, CLOSE_NO_SERVER),
    {SESSION, RETRIED, .n = 0},
};

/* The most that retry-max can be, each on a server of its own. */
static const struct step eleven_attempts_are_made_on_eleven_servers[] = {
    SHAKEN,
    REFUSES("a"),
    BACKS_OFF(MS(50)),
    REFUSES("b"),
    BACKS_OFF(MS(100)),
    REFUSES("c"),
    BACKS_OFF(MS(200)),
    REFUSES("d"),
    BACKS_OFF(MS(400)),
    REFUSES("e"),
    BACKS_OFF(MS(800)),
    REFUSES("f"),
    BACKS_OFF(MS(1600)),
    REFUSES("g"),
    BACKS_OFF(S(2)),
    REFUSES("h"),
    BACKS_OFF(S(2)),
    REFUSES("i"),
    BACKS_OFF(S(2)),
    REFUSES("j"),
    BACKS_OFF(S(2)),
    REFUSES("k"),
    FRONT_CLOSES(CONN_ABORT, CLOSE_NO_SERVER),
    {SESSION, RETRIED, .n = 10},
    {BACK, BLAMED, .n = 11},
};

static const struct step connection_earns_its_pool_a_share_of_a_retry_F74[] = {
    {WORKER, SPENDS, .n = 30},
    SHAKEN,
    REFUSES("a"),
    BACKS_OFF(MS(50)),
    REFUSES("b"),
    FRONT_CLOSES(CONN_ABORT, CLOSE_NO_BUDGET),
    {SESSION, RETRIED, .n = 1},
};

static const struct step retry_max_of_zero_means_one_attempt[] = {
    SHAKEN,
    REFUSES("a"),
    FRONT_CLOSES(CONN_ABORT, CLOSE_NO_SERVER),
    {SESSION, RETRIED, .n = 0},
};

static const struct step spent_budget_ends_the_errand_at_once_F74[] = {
    {WORKER, SPENDS, .n = 29},
    SHAKEN,
    REFUSES("a"),
    BACKS_OFF(MS(50)),
    REFUSES("b"),
    FRONT_CLOSES(CONN_ABORT, CLOSE_NO_BUDGET),
    {SESSION, RETRIED, .n = 1},
    {SESSION, LOGS, .text = "attempts=2 errors=a:refused,b:refused "},
    {SESSION, LOGS, .text = "detail=\"retry-budget of pool app is spent: scripted refused\""},
};

static const struct step budget_comes_back_with_time_F74[] = {
    {WORKER, SPENDS, .n = 30},
    {CLOCK, PASSES, .n = S(11)},
    SHAKEN,
    REFUSES("a"),
    BACKS_OFF(MS(50)),
    {BACK, DIAL, DIAL_WAIT, 0, "b"},
    ENOUGH_DIALLING,
};

static const struct step our_own_want_of_ports_is_never_blamed_on_a_server_F58[] = {
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

/* Nothing of the client has left, nothing of the server came. */
static const struct step server_that_resets_untouched_is_replaced_F71[] = {
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

static const struct step server_that_others_have_been_served_by_needs_no_moment[] = {
    {BACK, PROVEN},
    SHAKEN,
    {BACK, DIAL, DIAL_DONE, 0, "a"},
    {BACK, READ, IO_WANT_READ},
    {FRONT, READ, IO_WANT_READ},
    {SESSION, IN, SESSION_RELAY},
    ENOUGH,
};

static const struct step server_that_breaks_is_no_longer_proven[] = {
    {BACK, PROVEN},
    SHAKEN,
    {BACK, DIAL, DIAL_DONE, 0, "a"},
    {BACK, READ, IO_ERROR, ERR_RESET},
    {BACK, CLOSE, CONN_RESET},
    BACKS_OFF(MS(50)),
    {BACK, DIAL, DIAL_DONE, 0, "b"},
    {BACK, READ, IO_ERROR, ERR_RESET},
    {BACK, CLOSE, CONN_RESET},
    BACKS_OFF(MS(100)),
    {BACK, DIAL, DIAL_DONE},
    {BACK, LISTEN, DIAL_WAIT},
    {SESSION, IN, SESSION_CONNECT},
    ENOUGH_DIALLING,
};

/* Its clients' bytes are away, but the next client's need not be. */
static const struct step server_that_breaks_before_its_first_word_is_doubted[] = {
    {BACK, PROVEN},
    SHAKEN,
    {BACK, DIAL, DIAL_DONE, 0, "a"},
    {BACK, READ, IO_WANT_READ},
    {FRONT, READ, IO_DONE, 10},
    {BACK, WRITE, IO_DONE, 10},
    {BACK, TRUSTED, .n = 2},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
    {BACK, TRUSTED, .n = 1},
    {BACK, BLAMED, .n = 0},
};

static const struct step stop_while_a_server_is_listened_to_gives_it_up[] = {
    SHAKEN,
    {BACK, DIAL, DIAL_DONE, 0, "a"},
    {BACK, LISTEN, DIAL_WAIT},
    ENOUGH_DIALLING,
    {BACK, BLAMED, .n = 0},
};

static const struct step server_that_resets_while_it_is_listened_to_is_replaced_F71[] = {
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

static const struct step our_own_failure_while_a_server_is_listened_to_is_not_its_fault_F58[] = {
    SHAKEN,
    {BACK, DIAL, DIAL_DONE, 0, "a"},
    {BACK, LISTEN, DIAL_FAILED, ERR_MEMORY},
    {BACK, BLAMED, .n = 0},
    BACKS_OFF(MS(50)),
    {BACK, DIAL, DIAL_WAIT, 0, "b"},
    ENOUGH_DIALLING,
};

/* Only a reset says that it has done nothing with the connection. */
static const struct step untouched_server_that_breaks_otherwise_is_not_replaced_F71[] = {
    CONNECTED,
    {BACK, READ, IO_ERROR, ERR_TIMEOUT},
    BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
    {SESSION, RETRIED, .n = 0},
    {BACK, BLAMED, .n = 0},
};

static const struct step
    server_that_resets_before_the_clients_bytes_have_left_is_not_replaced_F71[] = {
        CONNECTED,
        {BACK, READ, IO_WANT_READ},
        {FRONT, READ, IO_DONE, 10},
        {BACK, WRITE, IO_WANT_WRITE, 10}, /* they wait, and the client will not say them again */
        {BACK, READY, WATCH_READ | WATCH_WRITE},
        {BACK, READ, IO_ERROR, ERR_RESET},
        BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
        {SESSION, RETRIED, .n = 0},
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
    {BACK, TRUSTED, .n = 1},
    ENOUGH,
};

static const struct step server_that_resets_after_the_clients_bytes_is_not_replaced_F71[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
    {SESSION, RETRIED, .n = 0},
};

static const struct step server_that_resets_on_the_first_bytes_is_not_replaced_F71[] = {
    CONNECTED,
    {BACK, READ, IO_WANT_READ},
    {FRONT, READ, IO_DONE, 10},
    {BACK, WRITE, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
    {SESSION, RETRIED, .n = 0},
};

/* A new server would never learn of an end that was passed on to the first one. */
static const struct step server_that_was_told_of_an_end_is_not_replaced_F71[] = {
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

static const struct step untouched_server_is_not_replaced_without_budget_F74[] = {
    {WORKER, SPENDS, .n = 30},
    CONNECTED,
    {BACK, READ, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
};

#define ANOTHER(name, n) "server = " name " 10.0.0." n ":1\n"
#define TWELVE_SERVERS                                                                             \
    TWO_SERVERS ANOTHER("c", "3") ANOTHER("d", "4") ANOTHER("e", "5") ANOTHER("f", "6")            \
        ANOTHER("g", "7") ANOTHER("h", "8") ANOTHER("i", "9") ANOTHER("j", "10")                   \
            ANOTHER("k", "11") ANOTHER("l", "12")
#define RETRY_MANY CONF_WITH(TLS_FRONT, TWELVE_SERVERS "retry-max = 10\n")
#define RETRY_ON_TLS CONF_WITH(TLS_FRONT, TWO_SERVERS "retry-on = tls\n")
#define RETRY_EARNED CONF_WITH(TLS_FRONT, TWO_SERVERS "retry-budget = 100%\n")
#define RETRY_NONE CONF_WITH(TLS_FRONT, TWO_SERVERS "retry-max = 0\n")

CASES(connect, CASE(refused_dial_is_tried_on_another_server),
    CASE(dial_that_hangs_is_given_up_after_connect_timeout_F78),
    CASE(dial_that_fails_later_is_tried_again), CASE(all_servers_tried_starts_over_until_retry_max),
    CASE_WITH(late_errand_does_not_start_over, CONF_WITH(TLS_FRONT, ONE_SERVER)),
    CASE(stop_during_a_back_off_ends_the_errand),
    CASE_WITH(refused_dial_is_not_retried_unless_retry_on_says_so, RETRY_ON_TLS),
    CASE_WITH(eleven_attempts_are_made_on_eleven_servers, RETRY_MANY),
    CASE_WITH(connection_earns_its_pool_a_share_of_a_retry_F74, RETRY_EARNED),
    CASE_WITH(retry_max_of_zero_means_one_attempt, RETRY_NONE),
    CASE(spent_budget_ends_the_errand_at_once_F74), CASE(budget_comes_back_with_time_F74),
    CASE(our_own_want_of_ports_is_never_blamed_on_a_server_F58),
    CASE(pool_of_resting_servers_has_none), CASE(server_that_resets_untouched_is_replaced_F71),
    CASE(server_that_others_have_been_served_by_needs_no_moment),
    CASE(server_that_breaks_is_no_longer_proven),
    CASE(server_that_breaks_before_its_first_word_is_doubted),
    CASE(stop_while_a_server_is_listened_to_gives_it_up),
    CASE(server_that_resets_while_it_is_listened_to_is_replaced_F71),
    CASE(our_own_failure_while_a_server_is_listened_to_is_not_its_fault_F58),
    CASE(untouched_server_that_breaks_otherwise_is_not_replaced_F71),
    CASE(server_that_resets_before_the_clients_bytes_have_left_is_not_replaced_F71),
    CASE(silent_server_is_believed_after_a_moment),
    CASE(server_that_resets_after_the_clients_bytes_is_not_replaced_F71),
    CASE(server_that_resets_on_the_first_bytes_is_not_replaced_F71),
    CASE(server_that_was_told_of_an_end_is_not_replaced_F71),
    CASE(untouched_server_is_not_replaced_without_budget_F74))
