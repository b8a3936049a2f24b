#include "run/mailbox.h"

/* Takes all and turns them into the order of posting. */
static struct message *take_all(struct mailbox *m)
{
    struct message *newest = atomic_exchange_explicit(&m->head, NULL, memory_order_acquire);
    struct message *oldest = NULL;
    while (newest) {
        struct message *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

static void deliver(struct mailbox *m)
{
    struct message *message = take_all(m);
    while (message) {
        struct message *next = message->next; /* the callee may free or post it */
        m->on_message(m->owner, message);
        message = next;
    }
}

static void on_loop_wake(void *owner)
{
    struct mailbox *m = owner;
    deliver(m);
    if (m->on_wake)
        m->on_wake(m->owner);
}

void mailbox_open(struct mailbox *m, struct loop *loop,
    void (*on_message)(void *, struct message *), void (*on_wake)(void *), void *owner)
{
    atomic_init(&m->head, NULL);
    m->loop = loop;
    m->on_message = on_message;
    m->on_wake = on_wake;
    m->owner = owner;
    loop_on_wake(loop, on_loop_wake, m);
}

void mailbox_close(struct mailbox *m)
{
    deliver(m);
    loop_on_wake(m->loop, NULL, NULL);
}

void mailbox_wake(struct mailbox *m)
{
    loop_wake(m->loop);
}

void mailbox_post(struct mailbox *m, enum message_kind kind, struct message *message)
{
    message->kind = kind;
    struct message *head = atomic_load_explicit(&m->head, memory_order_relaxed);
    do
        message->next = head;
    while (!atomic_compare_exchange_weak_explicit(
        &m->head, &head, message, memory_order_release, memory_order_relaxed));
    mailbox_wake(m);
}
