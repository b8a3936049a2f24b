/* A new configuration on its way into force: whole or not at all, whatever the workers answer and
 * whenever somebody asks again. The workers are the test's: their mailboxes are read here, and they
 * answer what the test says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "../base/failing_mem.h"
#include "../snapshot/configured.h"
#include "base/log.h"
#include "net/reserve.h"
#include "run/reload.h"

#define WORKERS 2

#define GLOBAL "[global]\nthreads = 2\nmax-connections = 10\nlog = @log\naccess-log = off\n"
#define ONE GLOBAL "[frontend one]\nlisten = $0\ntls = off\npool = none\n"
#define TWO GLOBAL "[frontend two]\nlisten = $1\ntls = off\npool = none\n"
#define BROKEN GLOBAL "[frontend two]\nlisten = $1\ntls = off\npool = nobody\n"

static struct {
    struct process p;
    struct worker workers[WORKERS], *pointers[WORKERS];
    struct prepare *asked[WORKERS]; /* not answered yet */
    char told[WORKERS][16];         /* a letter a message: P(repare) C(ommit) A(bandon) */
    struct clock_fake clock;
    struct problems problems;
    unsigned n_ready;
    int next_file;
    char path[128];
} test;

static struct process *const p = &test.p;

/* ---- workers ---- */

static void on_message(void *owner, struct message *message)
{
    struct worker *w = owner;
    char letter[2] = {"PCA"[message->kind], '\0'};
    assert_true(message->kind <= MESSAGE_ABANDON);
    strcat(test.told[w->number], letter);
    if (message->kind == MESSAGE_PREPARE)
        test.asked[w->number] = CONTAINER_OF(message, struct prepare, message);
}

/* What the worker was told since the last time. */
static const char *told(unsigned worker)
{
    static char letters[16];
    mailbox_close(&test.workers[worker].box); /* delivers */
    strcpy(letters, test.told[worker]);
    test.told[worker][0] = '\0';
    return letters;
}

static void all_were_told(const char *letters)
{
    for (unsigned i = 0; i < WORKERS; i++)
        assert_string_equal(told(i), letters);
}

static void answer(unsigned worker, bool ok)
{
    struct prepare *prepare = test.asked[worker];
    assert_non_null(prepare);
    test.asked[worker] = NULL;
    prepare->ok = ok;
    if (!ok)
        err_set(&prepare->err, ERR_MEMORY, "worker %u has no memory", worker);
    reload_on_prepared(p, prepare);
}

static void all_say_yes(void)
{
    all_were_told("P");
    for (unsigned i = 0; i < WORKERS; i++)
        answer(i, true);
}

/* They have followed the commit, and so let go of what they had before. */
static void all_serve(struct snapshot *before)
{
    all_were_told("C");
    for (unsigned i = 0; i < WORKERS; i++) {
        atomic_store(&test.workers[i].version, p->current->version);
        snapshot_unref(before);
    }
    reload_check_settled(p);
}

/* ---- the process ---- */

static void on_ready(const struct process *process)
{
    assert_ptr_equal(process, p);
    test.n_ready++;
}

static void write_conf(const char *template)
{
    write_file("sluice.ini", expand(template));
}

static void open_workers(void)
{
    struct err err;
    for (unsigned i = 0; i < WORKERS; i++) {
        struct worker *w = &test.workers[i];
        memset(w, 0, sizeof *w);
        w->number = i;
        test.pointers[i] = w;
        test.told[i][0] = '\0';
        test.asked[i] = NULL;
        assert_int_equal(loop_init(&w->loop, &err), 0);
        mailbox_open(&w->box, &w->loop, on_message, NULL, w);
    }
}

static int set_up(void **state)
{
    static const unsigned char secret[TICKET_SECRET_BYTES] = "secret";
    struct err err;
    enum log_stream whose;
    if (make_folder(state) < 0)
        return -1;
    ports_reserve();
    mem_fails_at(0);
    test.next_file = file_next();
    test.n_ready = 0;
    snprintf(test.path, sizeof test.path, "%s", path_of("sluice.ini"));
    const struct log_target log = {LOG_SINK_FILE, path_of("log")}, off = {LOG_SINK_OFF, NULL};
    clock_fake_init(&test.clock, 0);
    problems_init(&test.problems);
    memset(p, 0, sizeof *p);
    p->path = test.path;
    p->on_ready = on_ready;
    p->crew = (struct crew){.workers = test.pointers, .n_workers = WORKERS};
    open_workers();
    if (loop_init(&p->loop, &err) < 0)
        return -1;
    assets_init(&p->assets, WORKERS, geteuid(), &test.clock.clock, secret);
    return log_start(&log, &off, &test.clock.clock, &whose, &err);
}

static int tear_down(void **state)
{
    struct snapshot *current = p->current;
    reload_fini(p);
    for (unsigned i = 0; current && i < WORKERS; i++) /* each worker's */
        snapshot_unref(current);
    snapshot_unref(current);
    assets_fini(&p->assets);
    for (unsigned i = 0; i < WORKERS; i++)
        loop_fini(&test.workers[i].loop);
    loop_fini(&p->loop);
    problems_fini(&test.problems);
    log_stop(US_PER_S);
    reserve_drop();
    bool is_clean = file_next() == test.next_file;
    ports_release();
    return is_clean ? remove_folder(state) : -1;
}

/* The first configuration, as process.c starts it. */
static void start(const char *template)
{
    struct conf *conf = conf_from(template, &test.problems);
    assert_int_equal(reload_build(p, conf, &test.problems), 0);
    assert_int_equal(reload_publish(p, &test.problems), 0);
}

static void start_and_serve(const char *template)
{
    start(template);
    all_say_yes();
    all_serve(NULL);
    assert_int_equal(p->reload.phase, RELOAD_IDLE);
}

static void ask_for(const char *template)
{
    write_conf(template);
    reload_request(p);
}

static const char *frontend_in_force(void)
{
    return p->current->frontends[0].conf->name;
}

/* The whole log; ends it. */
static const char *log_text(void)
{
    log_stop(US_PER_S);
    return contents("log");
}

static void logged(const char *words)
{
    const char *text = log_text();
    if (!strstr(text, words))
        fail_msg("\"%s\" is not in the log:\n%s", words, text);
}

/* Whether nobody listens on this address with the n-th port. */
static bool is_refused(const char *host, int n)
{
    char text[ADDR_TEXT_MAX];
    snprintf(text, sizeof text, "%s:%u", host, (unsigned)addr_port(&ports[n].addr));
    struct addr addr = addr_of(text);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int rc = connect(fd, &addr.u.sa, addr.len);
    close(fd);
    return rc < 0;
}

/* ---- start ---- */

static void first_configuration_is_ready_when_all_serve_it(void **state)
{
    (void)state;
    start(ONE);
    all_were_told("P");
    answer(0, true);
    all_were_told(""); /* one is still to answer */
    assert_null(p->current);
    answer(1, true);
    all_were_told("C");
    assert_string_equal(frontend_in_force(), "one");
    assert_int_equal(p->crew.max_connections, 10);
    reload_check_settled(p);
    assert_int_equal(test.n_ready, 0);
    for (unsigned i = 0; i < WORKERS; i++) {
        atomic_store(&test.workers[i].version, 1);
        reload_check_settled(p);
        assert_int_equal(test.n_ready, i == WORKERS - 1);
    }
    reload_check_settled(p);
    assert_int_equal(test.n_ready, 1);
    logged("ready: 1 listener, 2 worker threads");
}

static void start_fails_when_a_worker_says_no(void **state)
{
    (void)state;
    start(ONE);
    all_were_told("P");
    answer(0, false);
    assert_false(p->stopping);
    answer(1, false);
    all_were_told("A");
    assert_null(p->current);
    assert_true(p->stopping);
    assert_int_equal(p->exit_status, 1);
    logged("cannot start: worker 0 has no memory"); /* the first reason */
}

/* ---- reload ---- */

static void reload_puts_the_new_file_in_force(void **state)
{
    (void)state;
    start_and_serve(ONE);
    struct snapshot *old = p->current;
    ask_for(TWO);
    assert_string_equal(frontend_in_force(), "one");
    all_say_yes();
    assert_string_equal(frontend_in_force(), "two");
    all_serve(old);
    assert_int_equal(p->reload.phase, RELOAD_IDLE);
    assert_null(p->reload.previous);
    assert_int_equal(test.n_ready, 1); /* at the start only */
    logged("configuration 2 in force: 1 listener, 0 pools");
}

static void no_of_one_worker_leaves_all_as_it_was(void **state)
{
    (void)state;
    start_and_serve(ONE);
    struct snapshot *old = p->current;
    ask_for(TWO);
    struct snapshot *next = p->reload.next;
    all_were_told("P");
    answer(0, true);
    answer(1, false);
    all_were_told("A");
    snapshot_unref(next); /* the first worker forgets its view */
    assert_ptr_equal(p->current, old);
    assert_null(p->reload.next);
    assert_int_equal(p->reload.phase, RELOAD_IDLE);
    assert_true(is_refused("127.0.0.1", 1));
    logged("reload refused: worker 1 has no memory; configuration 1 stays in force");
}

static void file_with_mistakes_is_refused_and_told(void **state)
{
    (void)state;
    start_and_serve(ONE);
    struct snapshot *old = p->current;
    ask_for(BROKEN);
    all_were_told("");
    assert_ptr_equal(p->current, old);
    assert_int_equal(p->reload.phase, RELOAD_IDLE);
    logged(expand("reload refused: 1 error in @sluice.ini; configuration 1 stays in force"));
    assert_non_null(
        strstr(contents("log"), "sluice.ini:9: error: pool: there is no [pool nobody]"));
}

static void file_that_is_gone_is_refused(void **state)
{
    (void)state;
    start_and_serve(ONE);
    unlink(test.path);
    reload_request(p);
    all_were_told("");
    assert_string_equal(frontend_in_force(), "one");
    logged("configuration 1 stays in force");
}

static void what_needs_a_restart_is_refused(void **state)
{
    (void)state;
    start_and_serve(ONE);
    ask_for("[global]\nthreads = 3\nuser = daemon\nmax-connections = 10\n"
            "log = @log\naccess-log = off\n"
            "[frontend two]\nlisten = $1\ntls = off\npool = none\n");
    all_were_told("");
    assert_string_equal(frontend_in_force(), "one");
    logged("threads = 3: the program runs with 2; restart it to change that");
    assert_non_null(strstr(contents("log"), "user cannot change while the program runs"));
    assert_non_null(strstr(contents("log"), "reload refused: 2 errors"));
}

static void log_that_cannot_be_opened_refuses_the_reload(void **state)
{
    (void)state;
    start_and_serve(ONE);
    ask_for("[global]\nthreads = 2\nmax-connections = 10\nlog = @missing/log\naccess-log = off\n"
            "[frontend two]\nlisten = $1\ntls = off\npool = none\n");
    all_were_told("");
    assert_string_equal(frontend_in_force(), "one");
    assert_null(p->reload.next);
    logged("sluice.ini:4: error: log: ");
}

static void reload_without_memory_is_refused_F61(void **state)
{
    (void)state;
    unsigned n = 0, calls = 0;
    start_and_serve(ONE);
    const struct snapshot *old = p->current;
    while (calls >= n) { /* the n-th was there to fail */
        write_conf(TWO);
        mem_fails_at(++n);
        reload_request(p);
        calls = mem_plan.calls;
        mem_fails_at(0);
        assert_ptr_equal(p->current, old);
        if (p->reload.phase == RELOAD_PREPARING) { /* it could do without, or nothing failed */
            all_were_told("P");
            answer(0, false);
            answer(1, false);
            all_were_told("A");
        }
        assert_int_equal(p->reload.phase, RELOAD_IDLE);
        assert_null(p->reload.next);
    }
    assert_true(n > 10);
}

/* ---- what is asked for meanwhile ---- */

static void wishes_meanwhile_are_one_and_the_last_file_wins_F87(void **state)
{
    (void)state;
    start_and_serve(ONE);
    struct snapshot *first = p->current;
    ask_for(TWO);
    ask_for(ONE);
    ask_for(BROKEN);
    ask_for(ONE);
    all_say_yes();
    assert_string_equal(frontend_in_force(), "two");
    reload_request(p); /* also while the workers follow */
    struct snapshot *second = p->current;
    all_serve(first); /* settled: the file is read again, once */
    assert_int_equal(p->reload.phase, RELOAD_PREPARING);
    all_say_yes();
    assert_string_equal(frontend_in_force(), "one");
    all_serve(second);
    assert_int_equal(p->reload.phase, RELOAD_IDLE);
    assert_int_equal(p->current->version, 3);
}

static void wish_is_not_forgotten_when_the_first_is_refused_F87(void **state)
{
    (void)state;
    start_and_serve(ONE);
    struct snapshot *old = p->current;
    ask_for(TWO);
    ask_for(TWO);
    all_were_told("P");
    answer(0, false);
    answer(1, false);
    assert_int_equal(p->reload.phase, RELOAD_PREPARING);
    all_were_told("AP"); /* in this order */
    answer(0, true);
    answer(1, true);
    assert_string_equal(frontend_in_force(), "two");
    all_serve(old);
}

/* ---- sockets ---- */

/* F84: the last accept on them comes before the last close. */
static void old_sockets_live_until_no_worker_retires_them(void **state)
{
    (void)state;
    start_and_serve(ONE);
    struct snapshot *old = p->current;
    ask_for(TWO);
    all_say_yes();
    atomic_store(&test.workers[1].retiring, true);
    all_serve(old);
    assert_int_equal(p->reload.phase, RELOAD_SETTLING);
    assert_int_equal(old->n_listens, 1);
    close(client_of(&ports[0].addr)); /* somebody still answers there */
    atomic_store(&test.workers[1].retiring, false);
    reload_check_settled(p);
    assert_int_equal(p->reload.phase, RELOAD_IDLE);
    logged("configuration 2 in force"); /* told once, before that */
    assert_int_equal(count_lines(contents("log")), 2);
}

/* A session may go on for days with the configuration that it began with. */
static void sessions_of_the_old_one_keep_no_sockets(void **state)
{
    (void)state;
    start_and_serve(ONE);
    struct snapshot *old = snapshot_ref(p->current); /* a session's */
    ask_for(TWO);
    all_say_yes();
    all_serve(old);
    assert_int_equal(old->n_listens, 0);
    assert_true(is_refused("127.0.0.1", 0));
    assert_string_equal(old->frontends[0].conf->name, "one");
    snapshot_unref(old);
}

/* One that shares its port with an old socket would take clients from the moment it listens. */
static void new_sockets_get_clients_when_all_have_said_yes(void **state)
{
    (void)state;
    start_and_serve(ONE);
    struct snapshot *old = p->current;
    ask_for(GLOBAL "[frontend all]\nlisten = 0.0.0.0:#0\ntls = off\npool = none\n");
    all_were_told("P");
    answer(0, true);
    assert_true(is_refused("127.0.0.2", 0));
    answer(1, true);
    assert_false(is_refused("127.0.0.2", 0));
    all_serve(old);
}

/* ---- the end ---- */

static void stop_gives_up_what_is_on_its_way(void **state)
{
    (void)state;
    start_and_serve(ONE);
    ask_for(TWO);
    struct snapshot *next = p->reload.next;
    all_were_told("P");
    answer(0, true);
    p->stopping = true;
    answer(1, true);
    all_were_told("A");
    for (unsigned i = 0; i < WORKERS; i++)
        snapshot_unref(next); /* each forgets its view */
    assert_string_equal(frontend_in_force(), "one");
    reload_request(p);
    all_were_told("");
    logged("no reload: the program stops");
}

static void stop_while_workers_follow_frees_both(void **state)
{
    (void)state;
    start_and_serve(ONE);
    struct snapshot *old = p->current;
    ask_for(TWO);
    all_say_yes();
    p->stopping = true;
    for (unsigned i = 0; i < WORKERS; i++)
        snapshot_unref(old);
    assert_ptr_equal(p->reload.previous, old); /* reload_fini() lets go of it */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(first_configuration_is_ready_when_all_serve_it),
        CASE(start_fails_when_a_worker_says_no),
        CASE(reload_puts_the_new_file_in_force),
        CASE(no_of_one_worker_leaves_all_as_it_was),
        CASE(file_with_mistakes_is_refused_and_told),
        CASE(file_that_is_gone_is_refused),
        CASE(what_needs_a_restart_is_refused),
        CASE(log_that_cannot_be_opened_refuses_the_reload),
        CASE(reload_without_memory_is_refused_F61),
        CASE(wishes_meanwhile_are_one_and_the_last_file_wins_F87),
        CASE(wish_is_not_forgotten_when_the_first_is_refused_F87),
        CASE(old_sockets_live_until_no_worker_retires_them),
        CASE(sessions_of_the_old_one_keep_no_sockets),
        CASE(new_sockets_get_clients_when_all_have_said_yes),
        CASE(stop_gives_up_what_is_on_its_way),
        CASE(stop_while_workers_follow_frees_both),
    };
    alarm(300); /* for a loop that nothing ends */
    return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
