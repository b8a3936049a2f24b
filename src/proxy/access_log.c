#include "proxy/access_log.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "tls/accept.h"

#define LINE_MAX_BYTES 4096

enum field {
#define FIELD(name, ...) FIELD_##name,
#include "proxy/access_fields.def"
#undef FIELD
    FIELDS
};

static const char *const field_words[FIELDS] = {
#define FIELD(name, word, ...) word,
#include "proxy/access_fields.def"
#undef FIELD
};

/* A line under construction; fields come in the order in which they are put. */
struct line {
    struct text text;
    bool json;
};

static void put_word(struct line *l, enum field field)
{
    const char *name = field_words[field];
    if (l->json)
        text_printf(&l->text, "%s\"%s\":", l->text.len == 1 ? "" : ",", name);
    else
        text_printf(&l->text, "%s%s=", l->text.len ? " " : "", name);
}

/* Untrusted or not: escaped all the same (F97). NULL: nothing is put. */
static void put_text(struct line *l, enum field field, const char *value)
{
    if (!value)
        return;
    put_word(l, field);
    if (l->json)
        text_json_string(&l->text, value, strlen(value));
    else
        text_logfmt_value(&l->text, value, strlen(value));
}

static void put_number(struct line *l, enum field field, uint64_t value)
{
    put_word(l, field);
    text_printf(&l->text, "%" PRIu64, value);
}

static void put_time(struct line *l, int64_t wall_us)
{
    time_t seconds = (time_t)(wall_us / US_PER_S);
    struct tm tm;
    char date[32], stamp[48];
    gmtime_r(&seconds, &tm);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    struct text t;
    text_init(&t, stamp, sizeof stamp);
    text_printf(&t, "%s.%06dZ", date, (int)(wall_us % US_PER_S));
    put_text(l, FIELD_TIME, stamp);
}

static void put_client(struct line *l, const struct session *s)
{
    char text[ADDR_TEXT_MAX];
    put_number(l, FIELD_ID, s->id);
    put_text(l, FIELD_FRONTEND, s->frontend->conf->name);
    put_text(l, FIELD_LISTEN, s->listen->address);
    peer_format(&s->peer, text);
    put_text(l, FIELD_CLIENT, text);
}

static void put_tls(struct line *l, const struct session *s)
{
    struct tls_info info;
    tls_info_get(&s->front, &info);
    put_text(l, FIELD_SNI, info.sni);
    put_text(l, FIELD_TLS, info.version);
    put_text(l, FIELD_CIPHER, info.cipher);
    if (info.version)
        put_text(l, FIELD_RESUMED, info.resumed ? "yes" : "no");
}

static void put_server(struct line *l, const struct session *s)
{
    if (s->frontend->pool)
        put_text(l, FIELD_POOL, s->frontend->pool->name);
    if (s->last_server) {
        put_text(l, FIELD_SERVER, s->last_server->name);
        put_text(l, FIELD_SERVER_ADDR, s->last_server->addr_text);
    }
    put_number(l, FIELD_ATTEMPTS, s->attempts);
    put_text(l, FIELD_ERRORS, s->errors);
}

static void put_end(
    struct line *l, const struct session *s, enum close_reason reason, const struct err *err)
{
    const struct close_reason_info *info = close_reason_info(reason);
    put_number(l, FIELD_BYTES_IN, s->bytes_in);
    put_number(l, FIELD_BYTES_OUT, s->bytes_out);
    put_number(l, FIELD_T_HANDSHAKE, (uint64_t)s->handshake_us);
    put_number(l, FIELD_T_CONNECT, (uint64_t)s->connect_us);
    put_number(l, FIELD_T_TOTAL, (uint64_t)(s->ctx->io->now - s->opened_at));
    put_text(l, FIELD_STEP, session_step_name(s->step));
    put_text(l, FIELD_SIDE, close_reason_side(info));
    put_text(l, FIELD_REASON, info->word);
    put_text(l, FIELD_DETAIL, err ? err->context : NULL);
}

static void write_access_line(
    const struct session *s, enum close_reason reason, const struct err *err)
{
    char memory[LINE_MAX_BYTES];
    struct line l = {.json = s->view->snapshot->conf->global.access_format == CONF_ACCESS_JSON};
    text_init(&l.text, memory, sizeof memory);
    if (l.json)
        text_puts(&l.text, "{");
    put_time(&l, clock_wall(s->ctx->clock));
    put_client(&l, s);
    put_tls(&l, s);
    put_server(&l, s);
    put_end(&l, s, reason, err);
    if (l.json)
        text_puts(&l.text, "}");
    log_access_line(memory, l.text.len);
}

static void write_error_line(
    const struct session *s, enum close_reason reason, const struct err *err)
{
    char client[ADDR_TEXT_MAX];
    const struct close_reason_info *info = close_reason_info(reason);
    peer_format(&s->peer, client);
    log_warn("connection %" PRIu64 " from %s on frontend %s: %s: %s%s%s", s->id, client,
        s->frontend->conf->name, info->word, err ? err->context : info->sentence,
        s->errors ? "; attempts: " : "", s->errors ? s->errors : "");
}

void access_log_session(const struct session *s, enum close_reason reason, const struct err *err)
{
    if (close_reason_info(reason)->is_error)
        write_error_line(s, reason, err);
    if (log_access_enabled())
        write_access_line(s, reason, err);
}
