#include "run/signals.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

static const int numbers[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGQUIT, SIGINT};
/* The first so many ask for something; the others end the program, also while it starts. */
enum { REQUESTS = 3 };

void signals_hold(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < REQUESTS; i++)
        sigaddset(&set, numbers[i]);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int signals_watch(struct watch_signals *signals, struct loop *loop,
    void (*fn)(void *owner, int number), void *owner, struct err *ret_err)
{
    signal(SIGPIPE, SIG_IGN); /* for the few writes that are no send() (F92) */
    return watch_signals_start(
        loop, signals, numbers, sizeof numbers / sizeof numbers[0], fn, owner, ret_err);
}
