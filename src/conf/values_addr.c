#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "conf/hint.h"
#include "conf/values_priv.h"

/* After the name and the address of a server. */
static const char server_words_later[] =
    "max-connections backup tls tls-name tls-ca tls-certificate tls-verify source connect-timeout";

#define WEIGHT_UNSET UINT_MAX

static bool starts_with(const char *s, const char *prefix)
{
    return !strncmp(s, prefix, strlen(prefix));
}

static int fail_memory(struct err *ret_err)
{
    err_set(ret_err, ERR_MEMORY, "out of memory");
    return -1;
}

static int check_port(const struct addr *addr, const char *text, struct err *ret_err)
{
    if (addr->u.sa.sa_family == AF_UNIX || addr_port(addr))
        return 0;
    err_set(ret_err, ERR_INPUT, "\"%.60s\": expected a port from 1 to 65535", text);
    return -1;
}

int value_parse_listen(const struct input *in, union value *ret_value, struct err *ret_err)
{
    if (starts_with(in->text, "systemd:")) {
        err_set(ret_err, ERR_INPUT, "\"%.40s\": systemd: is not supported yet", in->text);
        return -1;
    }
    struct conf_listen *listen = arena_array(in->arena, 1, sizeof(*listen));
    if (!listen)
        return fail_memory(ret_err);
    if (addr_parse_listen(in->text, listen->addrs, &listen->n_addrs, ret_err) ||
        check_port(&listen->addrs[0], in->text, ret_err))
        return -1;
    listen->text = in->text;
    ret_value->listen = listen;
    return 0;
}

/* Names are known to the language, and need a resolver that is not there yet. */
static bool is_host_name(const char *text)
{
    size_t host = strcspn(text, ":");
    return strspn(text, "0123456789.") < host && !starts_with(text, "unix:") && text[0] != '[' &&
           !strchr(text + host + (text[host] != '\0'), ':') && !strstr(text, "://");
}

static int parse_server_addr(const char *text, struct addr *ret_addr, struct err *ret_err)
{
    if (starts_with(text, "srv:"))
        err_set(ret_err, ERR_INPUT, "\"%.40s\": srv: is not supported yet", text);
    else if (is_host_name(text))
        err_set(ret_err, ERR_INPUT,
            "\"%.60s\": host names are not supported yet: expected an address, as in 10.0.0.1:80",
            text);
    else if (!addr_parse(text, ret_addr, ret_err))
        return check_port(ret_addr, text, ret_err);
    return -1;
}

int value_parse_address(const struct input *in, union value *ret_value, struct err *ret_err)
{
    struct addr *addr = arena_array(in->arena, 1, sizeof(*addr));
    if (!addr)
        return fail_memory(ret_err);
    if (parse_server_addr(in->text, addr, ret_err))
        return -1;
    ret_value->addr = addr;
    return 0;
}

int value_parse_host(const struct input *in, union value *ret_value, struct err *ret_err)
{
    struct addr *addr = arena_array(in->arena, 1, sizeof(*addr));
    if (!addr)
        return fail_memory(ret_err);
    if (addr_parse_host(in->text, addr, ret_err))
        return -1;
    ret_value->addr = addr;
    return 0;
}

static int parse_weight(
    const char *text, struct arena *arena, unsigned *ret_weight, struct err *ret_err)
{
    union value weight;
    if (value_parse(&schema_keys[KEY_SERVER_WEIGHT], text, arena, &weight, ret_err)) {
        err_prefix(ret_err, "weight");
        return -1;
    }
    *ret_weight = (unsigned)weight.number;
    return 0;
}

static bool is_later(const char *word)
{
    char name[32];
    struct text t;
    text_init(&t, name, sizeof(name));
    text_append(&t, word, strcspn(word, "="));
    return schema_word_index(server_words_later, name) >= 0;
}

static int take_server_word(
    const char *word, struct arena *arena, struct conf_server *server, struct err *ret_err)
{
    if (starts_with(word, "weight=") && server->weight != WEIGHT_UNSET) {
        err_set(ret_err, ERR_INPUT, "\"%.40s\": the weight is written twice", word);
        return -1;
    }
    if (starts_with(word, "weight="))
        return parse_weight(word + strlen("weight="), arena, &server->weight, ret_err);
    if (is_later(word)) {
        err_set(ret_err, ERR_INPUT, "\"%.40s\" is not supported yet", word);
        return -1;
    }
    err_set(ret_err, ERR_INPUT, "\"%.40s\": expected weight=N after the address", word);
    return -1;
}

/* Words in the order they come: name, address, then any number of word=value. */
static int take_server_words(
    char *words, struct arena *arena, struct conf_server *server, struct err *ret_err)
{
    char *rest = NULL;
    server->name = strtok_r(words, " \t", &rest);
    const char *address = strtok_r(NULL, " \t", &rest);
    if (!address) {
        err_set(ret_err, ERR_INPUT, "\"%.40s\": expected NAME ADDRESS, as in a 10.0.0.1:80", words);
        return -1;
    }
    if (!value_is_name(server->name)) {
        err_set(ret_err, ERR_INPUT, "\"%.40s\" is no name: expected letters, digits, _ . and -",
            server->name);
        return -1;
    }
    if (parse_server_addr(address, &server->addr, ret_err))
        return -1;
    server->weight = WEIGHT_UNSET;
    for (const char *word = NULL; (word = strtok_r(NULL, " \t", &rest));)
        if (take_server_word(word, arena, server, ret_err))
            return -1;
    if (server->weight != WEIGHT_UNSET)
        return 0;
    return parse_weight(schema_keys[KEY_SERVER_WEIGHT].fallback, arena, &server->weight, ret_err);
}

int value_parse_server(const struct input *in, union value *ret_value, struct err *ret_err)
{
    struct conf_server *server = arena_array(in->arena, 1, sizeof(*server));
    char *words = arena_strdup(in->arena, in->text);
    if (!server || !words)
        return fail_memory(ret_err);
    if (take_server_words(words, in->arena, server, ret_err))
        return -1;
    ret_value->server = server;
    return 0;
}
