/* log: the front of the log, on the thread that logs: levels, the rate limit, one finished line. */
#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/log_line.h"
#include "base/log_queue.h"
#include "base/log_sink.h"
#include "base/log_site.h"
#include "base/log_writer.h"
#include "base/sys.h"
#include "base/text.h"

static _Atomic(enum log_level) max_level = LOG_LEVEL_INFO;
static atomic_bool has_access_log;
static atomic_bool is_running;
static _Atomic(struct clock *) time_source; /* NULL: the machine's */

/* Kept by the main thread to see what a reload changes. */
static struct log_sinks current;

/* ---- start, change, stop ---- */

static int open_sinks(const struct log_target *errors, const struct log_target *access,
    struct log_sinks *ret_sinks, enum log_stream *ret_whose, struct err *ret_err)
{
    struct log_sinks sinks = {{NULL, NULL}};
    *ret_whose = LOG_ERRORS;
    if (log_sink_new(errors, &sinks.of[LOG_ERRORS], ret_err) < 0)
        return -1;
    if (log_sink_is_for(sinks.of[LOG_ERRORS], access)) {
        sinks.of[LOG_ACCESS] = sinks.of[LOG_ERRORS];
    } else if (log_sink_new(access, &sinks.of[LOG_ACCESS], ret_err) < 0) {
        log_sinks_free(&sinks);
        *ret_whose = LOG_ACCESS;
        return -1;
    }
    *ret_sinks = sinks;
    return 0;
}

int log_start(const struct log_target *errors, const struct log_target *access, struct clock *clock,
    enum log_stream *ret_whose, struct err *ret_err)
{
    struct log_sinks sinks;
    if (open_sinks(errors, access, &sinks, ret_whose, ret_err) < 0)
        return -1;
    if (log_writer_start(&sinks, clock, ret_err) < 0)
        return -1;
    current = sinks;
    atomic_store(&time_source, clock);
    atomic_store(&has_access_log, sinks.of[LOG_ACCESS] != NULL);
    atomic_store(&is_running, true);
    return 0;
}

static int swap(const struct log_target *errors, const struct log_target *access,
    enum log_stream *ret_whose, struct err *ret_err)
{
    struct log_sinks sinks;
    if (open_sinks(errors, access, &sinks, ret_whose, ret_err) < 0)
        return -1;
    struct log_sinks offer = sinks;
    if (log_writer_swap(&offer, ret_err) < 0)
        return -1;
    current = sinks;
    atomic_store(&has_access_log, sinks.of[LOG_ACCESS] != NULL);
    return 0;
}

int log_retarget(const struct log_target *errors, const struct log_target *access,
    enum log_stream *ret_whose, struct err *ret_err)
{
    if (log_sink_is_for(current.of[LOG_ERRORS], errors) &&
        log_sink_is_for(current.of[LOG_ACCESS], access))
        return 0;
    return swap(errors, access, ret_whose, ret_err);
}

int log_reopen(struct err *ret_err)
{
    struct log_target errors = log_sink_target(current.of[LOG_ERRORS]);
    struct log_target access = log_sink_target(current.of[LOG_ACCESS]);
    enum log_stream whose;
    return swap(&errors, &access, &whose, ret_err);
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&max_level, level, memory_order_relaxed);
}

void log_stop(int64_t limit_us)
{
    if (!atomic_load(&is_running))
        return;
    log_writer_stop(limit_us);
    atomic_store(&is_running, false);
    atomic_store(&has_access_log, false);
    atomic_store(&time_source, NULL);
    current = (struct log_sinks){{NULL, NULL}};
}

int log_thread_init(const char *name, struct err *ret_err)
{
    return log_queue_join(name, ret_err);
}

void log_thread_fini(void)
{
    log_queue_leave();
}

bool log_enabled(enum log_level level)
{
    return level <= atomic_load_explicit(&max_level, memory_order_relaxed);
}

bool log_access_enabled(void)
{
    return atomic_load_explicit(&has_access_log, memory_order_relaxed);
}

uint64_t log_dropped(void)
{
    return log_writer_lost();
}

/* ---- lines ---- */

static struct clock *get_clock(void)
{
    struct clock *clock = atomic_load_explicit(&time_source, memory_order_acquire);
    return clock ? clock : clock_system();
}

/* Where there is no writer. Not even then may a stderr that nobody reads hold up the program. */
static bool write_now(const char *line, size_t len)
{
    struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
    return sys_poll(&p, 1, 0) == 1 && sys_write(STDERR_FILENO, line, len) == (ssize_t)len;
}

void log_access_line(const char *line, size_t len)
{
    if (!log_access_enabled())
        return;
    struct log_line l = {
        .stream = LOG_ACCESS,
        .level = LOG_LEVEL_INFO,
        .len = len < LOG_ACCESS_LINE_MAX ? len : LOG_ACCESS_LINE_MAX,
        .text = line,
    };
    if (!log_queue_push(&l))
        log_writer_count_lost();
}

static void write_line(enum log_level level, const char *message)
{
    char memory[LOG_ERROR_LINE_MAX + 1];
    struct log_note note = {level, log_queue_thread_name(), message};
    struct log_line line;
    log_line_compose(&note, clock_wall(get_clock()), memory, &line);
    bool ok;
    if (atomic_load_explicit(&is_running, memory_order_acquire)) {
        ok = log_queue_push(&line);
    } else {
        memory[line.len] = '\n';
        ok = write_now(memory, line.len + 1);
    }
    if (!ok)
        log_writer_count_lost();
}

static bool site_admits(struct log_site *site, enum log_level level, const char *fmt)
{
    enum log_verdict verdict = log_site_judge(site, clock_mono(get_clock()), level, fmt);
    if (verdict == LOG_FIRST_HELD_BACK && atomic_load(&is_running))
        log_queue_wake(); /* the writer may sleep until it is told of something */
    return verdict == LOG_PASS;
}

/* os_errno 0: none. */
__attribute__((format(printf, 4, 0))) static void log_vwrite(
    enum log_level level, struct log_site *site, int os_errno, const char *fmt, va_list ap)
{
    if (!log_enabled(level) || (site && !site_admits(site, level, fmt)))
        return;
    char message[LOG_ERROR_LINE_MAX + 1], words[80];
    struct text t;
    text_init(&t, message, sizeof message);
    text_vprintf(&t, fmt, ap);
    if (os_errno)
        text_printf(&t, ": %s", strerror_r(os_errno, words, sizeof words));
    write_line(level, message);
}

/* Logging must not disturb the errno of whoever is about to look at it. */
void log_write(enum log_level level, struct log_site *site, const char *fmt, ...)
{
    int saved = errno;
    va_list ap;
    va_start(ap, fmt);
    log_vwrite(level, site, 0, fmt, ap);
    va_end(ap);
    errno = saved;
}

void log_write_errno(
    enum log_level level, struct log_site *site, int os_errno, const char *fmt, ...)
{
    int saved = errno;
    va_list ap;
    va_start(ap, fmt);
    log_vwrite(level, site, os_errno, fmt, ap);
    va_end(ap);
    errno = saved;
}
