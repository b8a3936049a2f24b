/* log_queue: the rings of all threads.
 *
 * The writer walks the list of rings without a lock, since a thread that starts or ends must not
 * wait for a writer stuck in a blocked target. So no ring leaves the list while the writer lives:
 * those of threads that have ended are taken by new ones. */
#include "base/log_queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/log_ring.h"
#include "base/mem.h"
#include "base/sys.h"

struct lane {
    struct log_ring ring;
    atomic_bool is_taken;
    struct lane *next;
};

enum consumer { AWAKE, NAPPING, SLEEPING };

static struct lane common = {.is_taken = true};
static pthread_mutex_t common_lock = PTHREAD_MUTEX_INITIALIZER; /* pushing into the common ring */
static _Atomic(struct lane *) first_lane = &common;
static pthread_mutex_t lanes_lock = PTHREAD_MUTEX_INITIALIZER; /* taking and adding lanes */

static _Atomic(enum consumer) consumer = AWAKE;
static int wake_fd = -1;

static _Thread_local struct lane *own_lane;
static _Thread_local char own_name[16];

int log_queue_open(struct err *ret_err)
{
    int fd = sys_eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0) {
        err_set_errno(ret_err, errno, "eventfd for the log");
        return -1;
    }
    wake_fd = fd;
    atomic_store(&consumer, AWAKE);
    return 0;
}

void log_queue_close(void)
{
    pthread_mutex_lock(&lanes_lock);
    struct lane *kept = &common, *next;
    for (struct lane *l = atomic_load(&first_lane); l != &common; l = next) {
        next = l->next;
        if (atomic_load(&l->is_taken)) {
            l->next = kept;
            kept = l;
        } else {
            mem_free(l);
        }
    }
    atomic_store(&first_lane, kept);
    pthread_mutex_unlock(&lanes_lock);
    atomic_store(&consumer, AWAKE);
    sys_close(wake_fd);
    wake_fd = -1;
}

static struct lane *take_lane(void)
{
    struct lane *first = atomic_load(&first_lane);
    for (struct lane *l = first; l; l = l->next)
        if (!atomic_exchange(&l->is_taken, true))
            return l;
    struct lane *l = mem_aligned(_Alignof(struct lane), sizeof *l);
    if (!l)
        return NULL;
    atomic_store(&l->is_taken, true);
    l->next = first;
    atomic_store(&first_lane, l);
    return l;
}

int log_queue_join(const char *name, struct err *ret_err)
{
    snprintf(own_name, sizeof own_name, "%s", name);
    pthread_mutex_lock(&lanes_lock);
    own_lane = take_lane();
    pthread_mutex_unlock(&lanes_lock);
    if (own_lane)
        return 0;
    err_set(ret_err, ERR_MEMORY, "no memory for a ring of log lines");
    return -1;
}

void log_queue_leave(void)
{
    if (own_lane)
        atomic_store(&own_lane->is_taken, false);
    own_lane = NULL;
    own_name[0] = '\0';
}

const char *log_queue_thread_name(void)
{
    return own_name[0] ? own_name : "main";
}

void log_queue_wake(void)
{
    (void)eventfd_write(wake_fd, 1); /* cannot fail: an eventfd has room, so nothing waits */
}

/* A system call only when the writer waits for it, and then from one thread only. */
static void wake_if_needed(const struct log_ring *ring)
{
    enum consumer seen = atomic_load(&consumer);
    if (seen == AWAKE || (seen == NAPPING && !log_ring_is_half_full(ring)))
        return;
    if (atomic_compare_exchange_strong(&consumer, &seen, AWAKE))
        log_queue_wake();
}

bool log_queue_push(const struct log_line *line)
{
    struct lane *lane = own_lane ? own_lane : &common;
    if (lane == &common)
        pthread_mutex_lock(&common_lock);
    bool ok = log_ring_push(&lane->ring, line);
    if (lane == &common)
        pthread_mutex_unlock(&common_lock);
    wake_if_needed(&lane->ring);
    return ok;
}

bool log_queue_drain(void (*take)(const struct log_line *line))
{
    char memory[LOG_ACCESS_LINE_MAX];
    struct log_line line;
    bool any = false;
    for (struct lane *l = atomic_load(&first_lane); l; l = l->next) {
        size_t end = log_ring_end(&l->ring);
        while (log_ring_pop(&l->ring, end, memory, &line)) {
            take(&line);
            any = true;
        }
    }
    return any;
}

static bool is_empty(void)
{
    for (struct lane *l = atomic_load(&first_lane); l; l = l->next)
        if (!log_ring_is_empty(&l->ring))
            return false;
    return true;
}

/* Either the pushing thread sees SLEEPING and wakes us, or we see its line here: both store first
 * and look afterwards, in the one order of sequentially consistent atomics. */
bool log_queue_doze(enum log_doze depth)
{
    atomic_store(&consumer, depth == LOG_SLEEP ? SLEEPING : NAPPING);
    if (depth == LOG_NAP || is_empty())
        return true;
    atomic_store(&consumer, AWAKE);
    return false;
}

void log_queue_awake(void)
{
    eventfd_t count;
    atomic_store(&consumer, AWAKE);
    (void)eventfd_read(wake_fd, &count); /* empties it; nothing to read after a nap */
}

int log_queue_fd(void)
{
    return wake_fd;
}
