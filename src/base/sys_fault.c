/* sys_fault: reading and following the plan. */
#include "base/sys_fault.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAULTS_MAX 64
#define COUNT_PREFIX "count:"

struct fault {
    enum sys_fault_kind kind;
    unsigned long n; /* of that kind, from 1 */
    int os_errno;
};

static const char *const kind_names[SYS_FAULT_KINDS] = {
#define SYS_CALL(name) [SYS_FAULT_##name] = #name,
#include "base/sys_calls.def"
#undef SYS_CALL
    [SYS_FAULT_alloc] = "alloc",
    [SYS_FAULT_openssl_alloc] = "openssl_alloc",
    [SYS_FAULT_libev_alloc] = "libev_alloc",
};

/* Of the others: EIO. */
static const int usual_errnos[SYS_FAULT_KINDS] = {
    [SYS_FAULT_socket] = EMFILE,
    [SYS_FAULT_bind] = EADDRINUSE,
    [SYS_FAULT_listen] = EADDRINUSE,
    [SYS_FAULT_accept4] = EMFILE,
    [SYS_FAULT_connect] = ECONNREFUSED,
    [SYS_FAULT_getsockopt] = ENOBUFS,
    [SYS_FAULT_setsockopt] = ENOBUFS,
    [SYS_FAULT_getsockname] = ENOBUFS,
    [SYS_FAULT_recv] = ECONNRESET,
    [SYS_FAULT_send] = ECONNRESET,
    [SYS_FAULT_sendmsg] = ECONNRESET,
    [SYS_FAULT_shutdown] = ENOBUFS,
    [SYS_FAULT_open] = EMFILE,
    [SYS_FAULT_write] = ENOSPC,
    [SYS_FAULT_fcntl] = EBADF,
    [SYS_FAULT_epoll_create1] = EMFILE,
    [SYS_FAULT_epoll_ctl] = ENOSPC,
    [SYS_FAULT_eventfd] = EMFILE,
    [SYS_FAULT_signalfd] = EMFILE,
    [SYS_FAULT_thread_create] = EAGAIN,
    [SYS_FAULT_getrandom] = ENOSYS,
    [SYS_FAULT_setgroups] = EPERM,
    [SYS_FAULT_setegid] = EPERM,
    [SYS_FAULT_seteuid] = EPERM,
    [SYS_FAULT_setresgid] = EPERM,
    [SYS_FAULT_setresuid] = EAGAIN,
    [SYS_FAULT_prctl] = EINVAL,
    [SYS_FAULT_capset] = EPERM,
    [SYS_FAULT_alloc] = ENOMEM,
    [SYS_FAULT_openssl_alloc] = ENOMEM,
    [SYS_FAULT_libev_alloc] = ENOMEM,
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct fault plan[FAULTS_MAX];
static size_t n_planned;
static _Atomic unsigned long counts[SYS_FAULT_KINDS];
static const char *count_path;
static bool is_told, wants_stack;

/* The sanitizers'; NULL without them. */
extern void __sanitizer_print_stack_trace(void) __attribute__((weak));

__attribute__((noreturn)) static void reject(const char *text)
{
    fprintf(stderr, "SLUICE_FAULT: \"%s\" is not KIND:N, KIND:N:ERRNO or KIND:N:SHORT\n", text);
    _Exit(2);
}

static enum sys_fault_kind find_kind(const char *name, size_t len)
{
    int kind = 0;
    while (kind < SYS_FAULT_KINDS &&
           (strncmp(kind_names[kind], name, len) != 0 || kind_names[kind][len] != '\0'))
        kind++;
    return (enum sys_fault_kind)kind;
}

static bool can_be_short(enum sys_fault_kind kind)
{
    return kind == SYS_FAULT_recv || kind == SYS_FAULT_send || kind == SYS_FAULT_read ||
           kind == SYS_FAULT_write;
}

/* 0 for a name that there is not. */
static int find_errno(enum sys_fault_kind kind, const char *name)
{
    if (strcmp(name, "SHORT") == 0)
        return can_be_short(kind) ? SYS_FAULT_SHORT : 0;
    for (int e = 1; e < 256; e++) {
        const char *known = strerrorname_np(e);
        if (known && strcmp(known, name) == 0)
            return e;
    }
    return 0;
}

static struct fault read_fault(const char *text)
{
    const char *colon = strchrnul(text, ':');
    enum sys_fault_kind kind = find_kind(text, (size_t)(colon - text));
    if (*colon == '\0' || kind == SYS_FAULT_KINDS)
        reject(text);
    char *end;
    unsigned long n = strtoul(colon + 1, &end, 10);
    int os_errno = usual_errnos[kind] ? usual_errnos[kind] : EIO;
    if (*end == ':')
        os_errno = find_errno(kind, end + 1);
    if (n == 0 || os_errno == 0 || (*end != ':' && *end != '\0'))
        reject(text);
    return (struct fault){kind, n, os_errno};
}

static void read_plan(const char *text)
{
    char copy[1024], *rest = copy;
    if (strlen(text) >= sizeof copy)
        reject(text);
    strcpy(copy, text);
    n_planned = 0;
    if (text[0] == '\0')
        return;
    for (char *one; (one = strsep(&rest, ","));) {
        if (n_planned == FAULTS_MAX)
            reject(text);
        plan[n_planned++] = read_fault(one);
    }
}

static void write_counts(void)
{
    FILE *out = fopen(count_path, "w");
    if (!out) {
        perror(count_path);
        return;
    }
    for (int kind = 0; kind < SYS_FAULT_KINDS; kind++)
        fprintf(out, "%s %lu\n", kind_names[kind], atomic_load(&counts[kind]));
    fclose(out);
}

static void read_environment(void)
{
    const char *text = getenv("SLUICE_FAULT");
    wants_stack = getenv("SLUICE_FAULT_STACK") != NULL;
    is_told = true;
    if (!text)
        return;
    if (strncmp(text, COUNT_PREFIX, strlen(COUNT_PREFIX)) != 0) {
        read_plan(text);
        return;
    }
    count_path = text + strlen(COUNT_PREFIX);
    atexit(write_counts);
}

/* Without an allocation, because it may be one that fails. */
static void tell(const struct fault *f)
{
    char line[80];
    int len =
        snprintf(line, sizeof line, "SLUICE_FAULT: %s:%lu comes now\n", kind_names[f->kind], f->n);
    (void)!write(STDERR_FILENO, line, (size_t)len);
    if (wants_stack && __sanitizer_print_stack_trace)
        __sanitizer_print_stack_trace();
}

int sys_fault(enum sys_fault_kind kind)
{
    pthread_once(&once, read_environment);
    unsigned long n = atomic_fetch_add(&counts[kind], 1) + 1;
    for (size_t i = 0; i < n_planned; i++) {
        if (plan[i].kind != kind || plan[i].n != n)
            continue;
        if (is_told)
            tell(&plan[i]);
        return plan[i].os_errno;
    }
    return 0;
}

void sys_fault_plan(const char *text)
{
    pthread_once(&once, read_environment);
    read_plan(text);
    is_told = false;
    for (int kind = 0; kind < SYS_FAULT_KINDS; kind++)
        atomic_store(&counts[kind], 0);
}
