#include "run/limits.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

/* Logs, event loops, certificates being read, standard streams. */
#define RESERVE 64u
#define PER_WORKER 8u
#define PER_CONNECTION 2u
#define HOW_TO_RAISE "raise it (ulimit -n, LimitNOFILE=)"

unsigned limits_threads(const struct conf_global *conf)
{
    cpu_set_t set;
    if (conf->threads)
        return conf->threads;
    if (sched_getaffinity(0, sizeof set, &set) < 0)
        return 1;
    return (unsigned)CPU_COUNT(&set);
}

static uint64_t fixed_files(const struct conf *conf, unsigned n_workers)
{
    uint64_t listens = 0;
    for (size_t f = 0; f < conf->n_frontends; f++)
        for (size_t l = 0; l < conf->frontends[f].n_listens; l++)
            listens += conf->frontends[f].listens[l].n_addrs;
    /* Twice: while a reload replaces them, old and new ones are open. */
    return RESERVE + PER_WORKER * n_workers + 2 * listens * n_workers;
}

int limits_files(const struct conf *conf, unsigned n_workers, uint64_t *ret_max_connections,
    struct problems *problems)
{
    uint64_t want = conf->global.max_connections;
    uint64_t fixed = fixed_files(conf, n_workers);
    uint64_t need = fixed + PER_CONNECTION * want;
    struct where where = conf->global.max_connections_where;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        problems_error(problems, where, "cannot read the limit of open files: %s", strerror(errno));
        return -1;
    }
    if (limit.rlim_cur < need && limit.rlim_cur < limit.rlim_max) {
        struct rlimit raised = limit;
        raised.rlim_cur = need < limit.rlim_max ? need : limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    if (limit.rlim_cur >= need) {
        *ret_max_connections = want;
        return 0;
    }
    uint64_t possible = limit.rlim_cur > fixed ? (limit.rlim_cur - fixed) / PER_CONNECTION : 0;
    if (!possible) {
        problems_error(problems, where,
            "even one connection needs %llu open files, but the limit is %llu: " HOW_TO_RAISE,
            (unsigned long long)(fixed + PER_CONNECTION), (unsigned long long)limit.rlim_cur);
        return -1;
    }
    if (where.line) { /* it was asked for */
        problems_error(problems, where,
            "max-connections = %llu needs %llu open files, but the limit is %llu: " HOW_TO_RAISE
            " or set max-connections = %llu",
            (unsigned long long)want, (unsigned long long)need, (unsigned long long)limit.rlim_cur,
            (unsigned long long)possible);
        return -1;
    }
    problems_warn(problems, where,
        "max-connections lowered from %llu to %llu: the limit of open files is %llu; " HOW_TO_RAISE,
        (unsigned long long)want, (unsigned long long)possible, (unsigned long long)limit.rlim_cur);
    *ret_max_connections = possible;
    return 0;
}
