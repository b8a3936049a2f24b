/* log_sink: bytes to a file or stderr, datagrams to syslog or the journal.
 *
 * Lines wait as frames, ready to send, each with an end mark that occurs nowhere in it. Files and
 * stderr get as many whole lines a call as they take; daemons get a datagram a frame.
 *
 * Stderr may be a pipe shared with others, whose flags are not ours to change. So it is asked first
 * and then given at most PIPE_BUF bytes, which a pipe with room takes without blocking. Where that
 * is not enough (a terminal, another writer in between) the writer's thread blocks, and log_stop()
 * leaves it behind. */
#include "base/log_sink.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/mem.h"
#include "base/sys.h"

#define IDENT "sluice"
#define FACILITY_DAEMON (3 << 3) /* RFC 3164 4.1.1 */
#define FRAME_EXTRA 80           /* at most, around the text of a line */
#define PENDING_MAX ((size_t)64 * 1024)

struct log_sink {
    enum log_sink_kind kind;
    char *path; /* NULL for stderr */
    int fd;
    bool is_regular; /* a file proper: never blocks as pipes and terminals do */
    char end;        /* closes a frame */
    char last;       /* byte written */
    bool is_torn;    /* given up in the middle of a line, as when the disk is full */
    int os_errno;
    uint64_t lost;
    size_t start, len; /* pending[start..len) waits */
    char pending[PENDING_MAX];
};

enum outcome { SENT, BLOCKED, REFUSED };

static bool is_datagram(const struct log_sink *sink)
{
    return sink->kind == LOG_SINK_SYSLOG || sink->kind == LOG_SINK_JOURNAL;
}

/* ---- open and close ---- */

static const char *path_of(const struct log_target *target)
{
    if (target->kind == LOG_SINK_STDERR)
        return NULL;
    if (target->path)
        return target->path;
    return target->kind == LOG_SINK_SYSLOG ? "/dev/log" : "/run/systemd/journal/socket";
}

static int connect_daemon(int fd, const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof un.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(un.sun_path, path, strlen(path) + 1);
    return sys_connect(fd, (struct sockaddr *)&un, sizeof un);
}

static int open_daemon(const char *path)
{
    int fd = sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect_daemon(fd, path) == 0)
        return fd;
    int saved = errno;
    sys_close(fd);
    errno = saved;
    return -1;
}

static int open_target(struct log_sink *sink)
{
    struct stat st;
    if (sink->kind == LOG_SINK_STDERR)
        sink->fd = STDERR_FILENO;
    else if (is_datagram(sink))
        sink->fd = open_daemon(sink->path);
    else /* not blocking: a FIFO without a reader must neither hold up the start nor the writer */
        sink->fd =
            sys_open(sink->path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, 0640);
    if (sink->fd < 0 || sys_fstat(sink->fd, &st) < 0)
        return -1;
    sink->is_regular = S_ISREG(st.st_mode);
    return 0;
}

int log_sink_new(const struct log_target *target, struct log_sink **ret_sink, struct err *ret_err)
{
    if (target->kind == LOG_SINK_OFF) {
        *ret_sink = NULL;
        return 0;
    }
    const char *path = path_of(target);
    struct log_sink *sink = mem_zalloc(sizeof *sink);
    if (!sink || (path && !(sink->path = mem_strdup(path)))) {
        mem_free(sink);
        err_set(ret_err, ERR_MEMORY, "no memory for a log");
        return -1;
    }
    sink->kind = target->kind;
    sink->fd = -1;
    sink->end = is_datagram(sink) ? '\0' : '\n';
    sink->last = sink->end;
    if (open_target(sink) < 0) {
        err_set_errno(ret_err, errno, "cannot open %s", log_sink_name(sink));
        log_sink_free(sink);
        return -1;
    }
    *ret_sink = sink;
    return 0;
}

void log_sink_free(struct log_sink *sink)
{
    if (!sink)
        return;
    if (sink->kind != LOG_SINK_STDERR)
        sys_close(sink->fd);
    mem_free(sink->path);
    mem_free(sink);
}

/* ---- lines in ---- */

static int priority(enum log_level level)
{
    static const int priorities[] = {
        [LOG_LEVEL_ERROR] = 3,
        [LOG_LEVEL_WARNING] = 4,
        [LOG_LEVEL_INFO] = 6,
        [LOG_LEVEL_DEBUG] = 7,
    };
    return priorities[level];
}

static void append(struct log_sink *sink, const char *s, size_t n)
{
    memcpy(sink->pending + sink->len, s, n);
    sink->len += n;
}

/* What stands before the text of a datagram. */
static void append_head(struct log_sink *sink, enum log_level level)
{
    char head[FRAME_EXTRA];
    int n = sink->kind == LOG_SINK_SYSLOG
                ? snprintf(head, sizeof head,
                      "<%d>" IDENT "[%d]: ", FACILITY_DAEMON | priority(level), (int)getpid())
                : snprintf(head, sizeof head,
                      "PRIORITY=%d\nSYSLOG_IDENTIFIER=" IDENT "\nMESSAGE=", priority(level));
    append(sink, head, (size_t)n);
}

/* Frames hang on there being no newline and no NUL in a text. Whoever made the line has seen to
 * that; nothing is injected even if not (F97). */
static void append_text(struct log_sink *sink, const char *s, size_t n)
{
    char *to = sink->pending + sink->len;
    for (size_t i = 0; i < n; i++)
        to[i] = s[i] == '\n' || s[i] == '\0' ? '?' : s[i];
    sink->len += n;
}

static void append_frame(struct log_sink *sink, const struct log_line *line)
{
    size_t skip = 0;
    if (is_datagram(sink)) {
        append_head(sink, line->level);
        skip = line->time_len ? line->time_len + 1 : 0;
    }
    append_text(sink, line->text + skip, line->len - skip);
    if (sink->kind == LOG_SINK_JOURNAL)
        append(sink, "\n", 1);
    append(sink, &sink->end, 1);
}

static void move_to_front(struct log_sink *sink)
{
    memmove(sink->pending, sink->pending + sink->start, sink->len - sink->start);
    sink->len -= sink->start;
    sink->start = 0;
}

void log_sink_put(struct log_sink *sink, const struct log_line *line)
{
    size_t need = line->len + FRAME_EXTRA;
    if (PENDING_MAX - sink->len < need) {
        log_sink_flush(sink);
        move_to_front(sink);
    }
    if (PENDING_MAX - sink->len < need) {
        sink->os_errno = EAGAIN;
        sink->lost++;
    } else {
        append_frame(sink, line);
    }
}

/* ---- frames out ---- */

static bool is_writable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return sys_poll(&p, 1, 0) == 1;
}

/* Everything for a file; for the rest what is sure not to block, in whole lines where they fit. */
static size_t piece_len(const struct log_sink *sink)
{
    size_t n = sink->len - sink->start;
    if (sink->is_regular || n <= PIPE_BUF)
        return n;
    const char *piece = sink->pending + sink->start;
    const char *newline = memrchr(piece, '\n', PIPE_BUF);
    return newline ? (size_t)(newline + 1 - piece) : PIPE_BUF;
}

static enum outcome outcome_of_errno(struct log_sink *sink)
{
    if (errno == EAGAIN || errno == EINTR)
        return BLOCKED; /* after EINTR poll() says at once to go on */
    sink->os_errno = errno;
    return REFUSED;
}

static enum outcome close_torn_line(struct log_sink *sink)
{
    if (sink->is_torn && sys_write(sink->fd, "\n", 1) != 1)
        return outcome_of_errno(sink);
    sink->is_torn = false;
    return SENT;
}

static enum outcome write_piece(struct log_sink *sink)
{
    if (!sink->is_regular && !is_writable(sink->fd))
        return BLOCKED;
    enum outcome outcome = close_torn_line(sink);
    if (outcome != SENT)
        return outcome;
    ssize_t n = sys_write(sink->fd, sink->pending + sink->start, piece_len(sink));
    if (n < 0)
        return outcome_of_errno(sink);
    sink->start += (size_t)n;
    sink->last = sink->pending[sink->start - 1];
    return SENT;
}

static bool is_daemon_gone(int os_errno)
{
    return os_errno == ECONNREFUSED || os_errno == ENOTCONN || os_errno == ECONNRESET ||
           os_errno == EPIPE;
}

static enum outcome send_frame(struct log_sink *sink)
{
    const char *frame = sink->pending + sink->start;
    size_t len = strlen(frame);
    ssize_t n = sys_send(sink->fd, frame, len, 0);
    if (n < 0 && is_daemon_gone(errno) && connect_daemon(sink->fd, sink->path) == 0)
        n = sys_send(sink->fd, frame, len, 0); /* it was restarted */
    if (n < 0)
        return outcome_of_errno(sink);
    sink->start += len + 1;
    return SENT;
}

/* A file system that is full refuses all that waits; a daemon refuses a frame. */
static void drop_refused(struct log_sink *sink)
{
    sink->is_torn |= sink->last != sink->end;
    sink->last = sink->end;
    do {
        const char *from = sink->pending + sink->start;
        const char *end = memchr(from, sink->end, sink->len - sink->start);
        sink->start += (size_t)(end + 1 - from);
        sink->lost++;
    } while (!is_datagram(sink) && sink->start < sink->len);
}

bool log_sink_flush(struct log_sink *sink)
{
    if (sink->len == 0)
        return true;
    bool is_well = true;
    while (sink->start < sink->len) {
        enum outcome outcome = is_datagram(sink) ? send_frame(sink) : write_piece(sink);
        if (outcome == BLOCKED)
            return false;
        if (outcome == REFUSED) {
            is_well = false;
            drop_refused(sink);
        }
    }
    sink->start = sink->len = 0;
    if (is_well)
        sink->os_errno = 0;
    return true;
}

void log_sink_abandon(struct log_sink *sink)
{
    while (sink->start < sink->len)
        drop_refused(sink);
    sink->start = sink->len = 0;
}

/* ---- questions ---- */

bool log_sink_is_empty(const struct log_sink *sink)
{
    return sink->len == 0;
}

int log_sink_fd(const struct log_sink *sink)
{
    return sink->fd;
}

uint64_t log_sink_take_lost(struct log_sink *sink)
{
    uint64_t lost = sink->lost;
    sink->lost = 0;
    return lost;
}

int log_sink_errno(const struct log_sink *sink)
{
    return sink->os_errno;
}

const char *log_sink_name(const struct log_sink *sink)
{
    return sink->path ? sink->path : "stderr";
}

struct log_target log_sink_target(const struct log_sink *sink)
{
    if (!sink)
        return (struct log_target){.kind = LOG_SINK_OFF};
    return (struct log_target){.kind = sink->kind, .path = sink->path};
}

bool log_sink_is_for(const struct log_sink *sink, const struct log_target *target)
{
    if (!sink || sink->kind != target->kind)
        return !sink && target->kind == LOG_SINK_OFF;
    const char *path = path_of(target);
    return !path || strcmp(path, sink->path) == 0;
}
