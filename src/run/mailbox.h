/* mailbox: how threads talk: any thread posts, one thread reads, in the order of posting. No lock:
 * a push is one compare-and-swap, and the reader is woken through its loop. Messages are memory of
 * the poster's choosing and belong to the reader once posted. */
#ifndef SLUICE_RUN_MAILBOX_H
#define SLUICE_RUN_MAILBOX_H

#include <stdatomic.h>

#include "net/watch.h"

enum message_kind {
    /* to a worker */
    MESSAGE_PREPARE, /* struct prepare: make a view of this snapshot, keep it aside, answer */
    MESSAGE_COMMIT,  /* the view kept aside is in force */
    MESSAGE_ABANDON, /* forget it */
    MESSAGE_ADOPT,   /* struct adopt: a connection that another worker accepted */
    MESSAGE_DRAIN,   /* accept no more; sessions go on */
    MESSAGE_STOP,    /* close everything and end */
    /* to main */
    MESSAGE_PREPARED, /* struct prepare, with the worker's answer */
    MESSAGE_UNUSED    /* struct unused: a worker has no use for a snapshot any more */
};

struct message {
    struct message *next;
    enum message_kind kind;
};

struct mailbox {
    _Atomic(struct message *) head; /* the latest first */
    struct loop *loop;
    void (*on_message)(void *owner, struct message *message);
    void (*on_wake)(void *owner); /* after the messages of one wake-up; may be NULL */
    void *owner;
};

/* Reader's thread, or before it runs. */
void mailbox_open(struct mailbox *m, struct loop *loop,
    void (*on_message)(void *owner, struct message *message), void (*on_wake)(void *owner),
    void *owner);
void mailbox_close(struct mailbox *m); /* delivers what is left */
/* Any thread. */
void mailbox_wake(struct mailbox *m); /* on_wake without a message: something shared has changed */
void mailbox_post(struct mailbox *m, enum message_kind kind, struct message *message);

#endif
