/* conf: what the operator wrote, as plain values with the place each was written at. Knows files,
 * keys and numbers; knows nothing of sockets, TLS or threads: whether a certificate file is any
 * good is snapshot/build's question.
 *
 * A conf owns all text in it (one arena). Made and freed on one thread; const afterwards. The walk
 * of a setting: reader (lines) -> schema (one row a key) -> conf (values) -> validate (checks
 * across sections). */
#ifndef SLUICE_CONF_CONF_H
#define SLUICE_CONF_CONF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"
#include "base/log.h"
#include "conf/problems.h"

enum conf_access_format { CONF_ACCESS_LOGFMT, CONF_ACCESS_JSON };
enum conf_tls_mode { CONF_TLS_TERMINATE, CONF_TLS_OFF };
enum conf_balance { CONF_BALANCE_ROUND_ROBIN, CONF_BALANCE_LEAST_CONN };

/* Bits of retry-on. */
enum conf_retry_on { CONF_RETRY_CONNECT = 1u << 0, CONF_RETRY_TLS = 1u << 1 };

/* A place of what is not written is the file, without a line. */
struct conf_global {
    const char *user; /* NULL: not written; see config.md for what root does then */
    struct where user_where;
    unsigned threads; /* 0: auto */
    struct where threads_where;
    uint64_t max_connections;
    struct where max_connections_where;
    uint64_t memory_limit_bytes;
    struct log_target log;
    struct where log_where;
    enum log_level log_level;
    struct log_target access_log;
    struct where access_log_where;
    enum conf_access_format access_format;
    int64_t shutdown_grace_us;
};

struct conf_listen {
    const char *text; /* as written: ":443" */
    struct addr addrs[2];
    size_t n_addrs; /* 2 for ":443": IPv6-only and IPv4 */
    struct where where;
};

struct conf_certificate {
    const char *path; /* absolute, or relative to the process; NULL: self-signed, made at start */
    struct where where;
};

/* Timeouts of frontends and pools are microseconds, > 0. */
struct conf_frontend {
    const char *name;
    struct where where;
    struct conf_listen *listens;
    size_t n_listens;
    enum conf_tls_mode tls;
    struct conf_certificate *certificates; /* in file order */
    size_t n_certificates;
    const char *pool_name; /* NULL: none; every connection is refused */
    struct where pool_where;
    const struct conf_pool *pool; /* resolved by validate; NULL as pool_name */
    int64_t handshake_timeout_us;
    int64_t idle_timeout_us;
    int64_t half_close_timeout_us;
    int64_t write_timeout_us; /* bytes wait for a peer that takes none of them */
    uint64_t buffer_bytes;    /* largest piece relayed at once, each direction */
};

struct conf_server {
    const char *name;
    struct where where;
    struct addr addr;
    unsigned weight; /* 0 .. 256; 0: gets nothing new */
};

struct conf_pool {
    const char *name;
    struct where where;
    enum conf_balance balance;
    struct conf_server *servers;
    size_t n_servers;
    unsigned retry_on; /* bits of enum conf_retry_on */
    unsigned retry_max;
    int64_t retry_base_us, retry_cap_us;
    unsigned retry_budget_percent;
    int64_t connect_timeout_us;
    struct addr source; /* len 0: the system chooses */
    struct where source_where;
};

struct conf {
    const char *path;
    struct conf_global global;
    struct conf_frontend *frontends;
    size_t n_frontends;
    struct conf_pool *pools;
    size_t n_pools;
    /* every value in force with its origin, for conf_print_effective(); conf.c's own */
    struct conf_table *table;
};

/* Reads path and its includes, whole or not at all. NULL when there is any error; `problems` holds
 * them all (and warnings either way). F85, F86. */
struct conf *conf_load(const char *path, struct problems *problems);
/* The same from memory; `name` stands for the file in messages. Used by `sluice try` and by tests.
 */
struct conf *conf_load_text(
    const char *name, const char *text, size_t len, struct problems *problems);
void conf_free(struct conf *conf); /* takes NULL */

/* `sluice check --effective`: every key in force, one a line, in sections, with "# file:line" or "#
 * default" behind it. The output is itself a valid configuration. */
void conf_print_effective(const struct conf *conf, FILE *out);

#endif
