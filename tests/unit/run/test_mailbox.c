/* How threads talk: nothing is lost, each poster's order is kept, and one wake serves many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "run/mailbox.h"

#define POSTERS 4
#define LETTERS 5000 /* of each */

struct letter {
    struct message message;
    unsigned poster, number;
};

static struct loop loop;
static struct mailbox box;
static struct {
    unsigned n, wakes, next[POSTERS];
    unsigned n_at_wake; /* letters that had come when on_wake was called */
    enum message_kind last_kind;
    bool out_of_order;
    unsigned wanted; /* the loop ends when so many have come */
} got;

static void on_letter(void *owner, struct message *message)
{
    struct letter *letter = CONTAINER_OF(message, struct letter, message);
    assert_ptr_equal(owner, &got);
    if (letter->number != got.next[letter->poster]++)
        got.out_of_order = true;
    got.last_kind = message->kind;
    got.n++;
    free(letter); /* it is the reader's */
}

static void on_wake(void *owner)
{
    assert_ptr_equal(owner, &got);
    got.wakes++;
    got.n_at_wake = got.n;
    if (got.n >= got.wanted)
        loop_break(&loop);
}

static int set_up(void **state)
{
    (void)state;
    struct err err;
    memset(&got, 0, sizeof got);
    if (loop_init(&loop, &err) < 0)
        return -1;
    mailbox_open(&box, &loop, on_letter, on_wake, &got);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mailbox_close(&box);
    loop_fini(&loop);
    return 0;
}

static void post(unsigned poster, unsigned number, enum message_kind kind)
{
    struct letter *letter = malloc(sizeof *letter);
    if (!letter)
        abort(); /* threads cannot fail a test */
    letter->poster = poster;
    letter->number = number;
    mailbox_post(&box, kind, &letter->message);
}

static void wait_for_letters(unsigned n)
{
    got.wanted = n;
    loop_run(&loop);
    assert_int_equal(got.n, n);
    assert_false(got.out_of_order);
}

struct poster {
    pthread_t thread;
    unsigned number;
};

static void *post_many(void *arg)
{
    const struct poster *p = arg;
    for (unsigned i = 0; i < LETTERS; i++)
        post(p->number, i, MESSAGE_ADOPT);
    return NULL;
}

static void letters_of_many_threads_all_come_each_posters_in_order(void **state)
{
    (void)state;
    struct poster posters[POSTERS];
    for (unsigned i = 0; i < POSTERS; i++) {
        posters[i].number = i;
        assert_int_equal(pthread_create(&posters[i].thread, NULL, post_many, &posters[i]), 0);
    }
    wait_for_letters(POSTERS * LETTERS);
    for (unsigned i = 0; i < POSTERS; i++) {
        assert_int_equal(pthread_join(posters[i].thread, NULL), 0);
        assert_int_equal(got.next[i], LETTERS);
    }
    assert_in_range(got.wakes, 1, POSTERS * LETTERS);
}

static void one_wake_brings_all_that_was_posted_before(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++)
        post(0, i, MESSAGE_ADOPT);
    wait_for_letters(100);
    assert_int_equal(got.wakes, 1);
    assert_int_equal(got.n_at_wake, 100); /* the wake is told behind them */
}

static void letter_comes_with_its_kind(void **state)
{
    (void)state;
    static const enum message_kind kinds[] = {MESSAGE_PREPARE, MESSAGE_STOP, MESSAGE_UNUSED};
    for (unsigned i = 0; i < 3; i++) {
        post(0, i, kinds[i]);
        wait_for_letters(i + 1);
        assert_int_equal(got.last_kind, kinds[i]);
    }
}

static void wake_without_a_letter_is_told(void **state)
{
    (void)state;
    mailbox_wake(&box);
    mailbox_wake(&box);
    wait_for_letters(0);
    assert_int_equal(got.wakes, 1);
}

/* A worker's answer may be the question itself, posted back. */
static void post_back(void *owner, struct message *message)
{
    struct letter *letter = CONTAINER_OF(message, struct letter, message);
    (void)owner;
    got.n++;
    if (letter->number++ < 3)
        mailbox_post(&box, MESSAGE_PREPARED, message);
    else
        free(letter);
}

static void reader_may_post_what_it_reads(void **state)
{
    (void)state;
    box.on_message = post_back;
    post(0, 0, MESSAGE_PREPARE);
    post(1, 0, MESSAGE_PREPARE);
    wait_for_letters(8);
    assert_int_equal(got.wakes, 4); /* each time in a later wake: nobody else starves */
}

static void close_delivers_what_is_left(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        post(0, i, MESSAGE_ADOPT);
    mailbox_close(&box);
    assert_int_equal(got.n, 3);
    assert_false(got.out_of_order);
    mailbox_close(&box);
    assert_int_equal(got.n, 3);
}

static void break_on_letter(void *owner, struct message *message)
{
    on_letter(owner, message);
    loop_break(&loop);
}

/* Workers have none. */
static void wake_need_not_be_told(void **state)
{
    (void)state;
    mailbox_close(&box);
    mailbox_open(&box, &loop, break_on_letter, NULL, &got);
    post(0, 0, MESSAGE_ADOPT);
    loop_run(&loop);
    assert_int_equal(got.n, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(letters_of_many_threads_all_come_each_posters_in_order),
        CASE(one_wake_brings_all_that_was_posted_before),
        CASE(letter_comes_with_its_kind),
        CASE(wake_without_a_letter_is_told),
        CASE(reader_may_post_what_it_reads),
        CASE(close_delivers_what_is_left),
        CASE(wake_need_not_be_told),
    };
    alarm(300); /* for a loop that nothing ends */
    return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
