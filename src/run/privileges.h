/* privileges: who the program is. Started as root it becomes `user` for good; main keeps what a
 * reload needs (binding low ports, reading keys), workers keep nothing. Capabilities are per
 * thread, identities per process. */
#ifndef SLUICE_RUN_PRIVILEGES_H
#define SLUICE_RUN_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/conf.h"

/* The identity that the configuration asks for: `user`; else, as root, "sluice" or, where there is
 * no such user, "nobody". Not root: ourselves. Problems name the key. */
struct identity {
    bool change; /* false: stay who we are */
    uid_t uid;
    gid_t gid;
};
int privileges_resolve(
    const struct conf_global *conf, struct identity *ret_identity, struct problems *problems);

/* For what the program will do as that user, also later: its errors are better met at start. Main
 * thread; a thread made meanwhile is taken along by step_up. 0 or -1. */
int privileges_step_down(const struct identity *identity, struct err *ret_err);
int privileges_step_up(const struct identity *identity, struct err *ret_err);

/* Main thread, before any worker exists. Checks that there is no way back. 0 or -1. */
int privileges_drop(const struct identity *identity, struct err *ret_err);
/* In each worker's thread, first thing. 0 or -1. */
int privileges_drop_in_worker(struct err *ret_err);

#endif
