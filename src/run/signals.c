#include "run/signals.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

static const int numbers[SIGNALS] = {SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGQUIT, SIGINT};
/* The first so many ask for something; the others end the program, also while it starts. */
enum { REQUESTS = 3 };

static void change_mask(int how, size_t n)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < n; i++)
        sigaddset(&set, numbers[i]);
    pthread_sigmask(how, &set, NULL);
}

void signals_hold(void)
{
    change_mask(SIG_BLOCK, REQUESTS);
}

void signals_watch(
    struct signals *signals, struct loop *loop, void (*fn)(void *owner, int number), void *owner)
{
    signal(SIGPIPE, SIG_IGN); /* for the few writes that are no send() (F92) */
    for (size_t i = 0; i < SIGNALS; i++)
        watch_signal_start(loop, &signals->watches[i], numbers[i], fn, owner);
    /* All of them: whoever started us may have blocked some. */
    change_mask(SIG_UNBLOCK, SIGNALS);
}

void signals_unwatch(struct signals *signals, struct loop *loop)
{
    for (size_t i = 0; i < SIGNALS; i++)
        watch_signal_stop(loop, &signals->watches[i]);
}
