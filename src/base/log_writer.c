/* log_writer: from the queue to the sinks.
 *
 * A turn takes what is queued, writes what the sinks accept and tells what was lost. After a turn
 * with lines the writer naps, so that a steady stream costs the other threads no wake-ups and the
 * files few writes; after one without it sleeps until a line comes or a full sink has room. */
#include "base/log_writer.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/log_queue.h"
#include "base/log_sink.h"
#include "base/log_site.h"
#include "base/sys.h"
#include "base/text.h"

#define NAP_MS 5
#define NOTE_EVERY_US US_PER_S
#define SWAP_LIMIT_US US_PER_S
#define STOP_SLACK_US (2 * US_PER_S) /* for a busy machine to let the writer see its own limit */

static pthread_t thread;
static bool is_left_behind;
static int answer_fd = -1; /* the writer has swapped, or has ended */
static _Atomic(struct log_sinks *) offered;
static _Atomic(mono_us) stop_at = MONO_NEVER;
static _Atomic(uint64_t) lost;

/* The writer's own. */
static struct {
    struct log_sinks sinks;
    struct clock *clock; /* for time stamps; waiting is by the machine's clock */
    uint64_t told_lost;
    mono_us told_at;
    bool has_told_refusal;
    mono_us held_back_due; /* when to tell of lines held back; MONO_NEVER: there were none */
    bool is_stopping;
} writer;

void log_writer_count_lost(void)
{
    atomic_fetch_add_explicit(&lost, 1, memory_order_relaxed);
}

uint64_t log_writer_lost(void)
{
    return atomic_load_explicit(&lost, memory_order_relaxed);
}

static mono_us now_us(void)
{
    return clock_mono(clock_system());
}

/* ---- sinks ---- */

/* The sinks without repetition; NULL where there is none. */
static struct log_sink *sink_at(const struct log_sinks *sinks, int i)
{
    return i == 1 && sinks->of[1] == sinks->of[0] ? NULL : sinks->of[i];
}

void log_sinks_free(struct log_sinks *sinks)
{
    for (int i = 0; i < 2; i++)
        log_sink_free(sink_at(sinks, i));
    *sinks = (struct log_sinks){{NULL, NULL}};
}

static void take_line(const struct log_line *line)
{
    struct log_sink *sink = writer.sinks.of[line->stream];
    if (sink)
        log_sink_put(sink, line);
}

static void count_lost(struct log_sink *sink)
{
    atomic_fetch_add_explicit(&lost, log_sink_take_lost(sink), memory_order_relaxed);
}

/* True when nothing waits any more. */
static bool flush_sinks(void)
{
    bool is_done = true;
    for (int i = 0; i < 2; i++) {
        struct log_sink *sink = sink_at(&writer.sinks, i);
        if (!sink)
            continue;
        is_done &= log_sink_flush(sink);
        count_lost(sink);
    }
    return is_done;
}

static void abandon_what_waits(void)
{
    for (int i = 0; i < 2; i++) {
        struct log_sink *sink = sink_at(&writer.sinks, i);
        if (!sink)
            continue;
        log_sink_abandon(sink);
        count_lost(sink);
    }
}

/* ---- what the log says of itself ---- */

static void tell(enum log_level level, const char *message)
{
    char memory[LOG_ERROR_LINE_MAX + 1];
    struct log_note note = {level, "log", message};
    struct log_line line;
    log_line_compose(&note, clock_wall(writer.clock), memory, &line);
    take_line(&line);
    flush_sinks();
}

static void tell_refusal(const struct log_sink *sink)
{
    char message[512], words[80];
    int os_errno = log_sink_errno(sink);
    snprintf(message, sizeof message, "lines are being lost: %s: %s", log_sink_name(sink),
        os_errno == EAGAIN ? "takes no more" : strerror_r(os_errno, words, sizeof words));
    tell(LOG_LEVEL_WARNING, message);
    writer.has_told_refusal = true;
}

static void tell_lost(void)
{
    char message[80];
    uint64_t all = log_writer_lost();
    snprintf(message, sizeof message, "%" PRIu64 " log lines were lost", all - writer.told_lost);
    writer.told_lost = all;
    writer.has_told_refusal = false;
    tell(LOG_LEVEL_WARNING, message);
}

static bool has_untold_losses(void)
{
    return log_writer_lost() != writer.told_lost;
}

/* When the access log refuses lines, the error log says so at once; how many they were it says when
 * all goes well again. False when there is news that must wait a little. */
static bool tell_news(bool is_done)
{
    const struct log_sink *errors = writer.sinks.of[LOG_ERRORS];
    const struct log_sink *access = writer.sinks.of[LOG_ACCESS];
    bool is_refused = access && log_sink_errno(access) != 0;
    bool is_news = has_untold_losses() && (is_refused ? !writer.has_told_refusal : is_done);
    if (!is_news || !errors || log_sink_errno(errors) != 0)
        return true;
    if (!writer.is_stopping && now_us() - writer.told_at < NOTE_EVERY_US)
        return false;
    if (is_refused)
        tell_refusal(access);
    else
        tell_lost();
    writer.told_at = now_us();
    return true;
}

static void tell_held_back(const struct log_site *site, uint32_t count)
{
    char message[512];
    struct text t;
    text_init(&t, message, sizeof message);
    text_printf(&t, "suppressed %" PRIu32 " more lines like: ", count);
    log_site_describe(site, &t);
    tell(site->level, message);
}

/* F68: a second after the first line was held back, so that a storm costs one more line a second. A
 * log that takes nothing is asked again later. */
static void tell_all_held_back(void)
{
    const struct log_sink *errors = writer.sinks.of[LOG_ERRORS];
    bool takes_lines = !errors || log_sink_errno(errors) == 0;
    if (!log_sites_hold_back())
        return;
    if (writer.held_back_due == MONO_NEVER || !takes_lines)
        writer.held_back_due = now_us() + NOTE_EVERY_US;
    if (!takes_lines || (!writer.is_stopping && now_us() < writer.held_back_due))
        return;
    writer.held_back_due = MONO_NEVER;
    log_sites_take(tell_held_back);
}

/* ---- the thread ---- */

static void answer(void)
{
    (void)eventfd_write(answer_fd, 1);
}

/* Lines queued before the offer go to the old sinks. Answers before it closes them, which may take
 * its time on a network file system. */
static void take_offer(void)
{
    if (!atomic_load(&offered))
        return;
    log_queue_drain(take_line);
    if (!flush_sinks())
        abandon_what_waits();
    struct log_sinks *next = atomic_exchange(&offered, NULL);
    if (!next)
        return;
    struct log_sinks old = writer.sinks;
    writer.sinks = *next;
    writer.has_told_refusal = false;
    answer();
    log_sinks_free(&old);
}

/* As poll() wants it. */
static int milliseconds_until(mono_us when)
{
    if (when == MONO_NEVER)
        return -1;
    mono_us left = when - now_us();
    return left > 0 ? (int)(left / US_PER_MS) + 1 : 0;
}

/* Until a line comes, a sink that was full has room, or the time is over. */
static void wait_for_work(enum log_doze depth, int timeout_ms)
{
    struct pollfd fds[3] = {{.fd = log_queue_fd(), .events = POLLIN}, {.fd = -1}, {.fd = -1}};
    for (int i = 0; i < 2; i++) {
        const struct log_sink *sink = sink_at(&writer.sinks, i);
        if (sink && !log_sink_is_empty(sink))
            fds[i + 1] = (struct pollfd){.fd = log_sink_fd(sink), .events = POLLOUT};
    }
    if (log_queue_doze(depth))
        (void)sys_poll(fds, 3, timeout_ms);
    log_queue_awake();
}

/* When there may be something to tell although no line has come. */
static mono_us next_note(bool has_told_all)
{
    mono_us news = has_told_all ? MONO_NEVER : now_us() + NOTE_EVERY_US;
    return news < writer.held_back_due ? news : writer.held_back_due;
}

static void *run(void *unused)
{
    for (;;) {
        mono_us limit = atomic_load(&stop_at);
        writer.is_stopping = limit != MONO_NEVER;
        bool had_lines = log_queue_drain(take_line);
        bool is_done = flush_sinks();
        bool has_told_all = tell_news(is_done);
        tell_all_held_back();
        take_offer();
        if (writer.is_stopping && ((is_done && !had_lines) || now_us() >= limit))
            break;
        if (had_lines)
            wait_for_work(LOG_NAP, NAP_MS);
        else if (writer.is_stopping)
            wait_for_work(LOG_SLEEP, milliseconds_until(limit));
        else
            wait_for_work(LOG_SLEEP, milliseconds_until(next_note(has_told_all)));
    }
    abandon_what_waits();
    answer();
    return unused;
}

/* ---- the main thread's side ---- */

static int start(struct err *ret_err)
{
    if (is_left_behind) {
        err_set(ret_err, ERR_LOCAL, "an earlier log is still stuck in its target");
        return -1;
    }
    if (log_queue_open(ret_err) < 0)
        return -1;
    answer_fd = sys_eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (answer_fd < 0 || sys_thread_create(&thread, run, NULL) < 0) {
        err_set_errno(ret_err, errno, "thread of the log");
        sys_close(answer_fd);
        log_queue_close();
        return -1;
    }
    return 0;
}

int log_writer_start(struct log_sinks *sinks, struct clock *clock, struct err *ret_err)
{
    writer.sinks = *sinks;
    writer.clock = clock;
    writer.told_lost = log_writer_lost();
    writer.told_at = now_us() - NOTE_EVERY_US;
    writer.has_told_refusal = false;
    writer.held_back_due = MONO_NEVER;
    atomic_store(&stop_at, MONO_NEVER);
    if (start(ret_err) == 0)
        return 0;
    log_sinks_free(sinks);
    return -1;
}

/* False when none came in time. */
static bool await_answer(mono_us limit)
{
    struct pollfd p = {.fd = answer_fd, .events = POLLIN};
    eventfd_t count;
    while (sys_poll(&p, 1, milliseconds_until(limit)) != 1)
        if (now_us() >= limit)
            return false;
    return eventfd_read(answer_fd, &count) == 0;
}

int log_writer_swap(struct log_sinks *sinks, struct err *ret_err)
{
    atomic_store(&offered, sinks);
    log_queue_wake();
    if (await_answer(now_us() + SWAP_LIMIT_US))
        return 0;
    if (!atomic_exchange(&offered, NULL)) {
        /* Taken at the last moment: the answer is a few instructions away. */
        while (!await_answer(now_us() + SWAP_LIMIT_US))
            continue;
        return 0;
    }
    log_sinks_free(sinks);
    err_set(ret_err, ERR_TIMEOUT, "the log is stuck in its present target");
    return -1;
}

bool log_writer_stop(int64_t limit_us)
{
    mono_us limit = now_us() + limit_us;
    atomic_store(&stop_at, limit);
    log_queue_wake();
    if (!await_answer(limit + STOP_SLACK_US)) {
        pthread_detach(thread);
        is_left_behind = true;
        return false;
    }
    pthread_join(thread, NULL);
    log_sinks_free(&writer.sinks);
    log_queue_close();
    sys_close(answer_fd);
    return true;
}
