#include "conf/env.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static char **captured; /* "NAME=value", ends with NULL */

static void vars_free(char **vars)
{
    for (char **v = vars; v && *v; v++)
        mem_free(*v);
    mem_free(vars);
}

int env_capture(void)
{
    size_t n = 0;
    while (environ && environ[n])
        n++;
    char **vars = mem_array(n + 1, sizeof(*vars));
    if (!vars)
        return -1;
    for (size_t i = 0; i < n; i++) {
        vars[i] = mem_strdup(environ[i]);
        if (!vars[i]) {
            vars_free(vars);
            return -1;
        }
    }
    env_release();
    captured = vars;
    return 0;
}

void env_release(void)
{
    vars_free(captured);
    captured = NULL;
}

const char *env_get(const char *name)
{
    if (!captured)
        return getenv(name);
    size_t len = strlen(name);
    for (char **v = captured; *v; v++)
        if (!strncmp(*v, name, len) && (*v)[len] == '=')
            return *v + len + 1;
    return NULL;
}

static bool is_name(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)s[i]) && s[i] != '_')
            return false;
    return n && !isdigit((unsigned char)s[0]);
}

static int expand_name(const char *name, size_t len, struct text *out, struct err *ret_err)
{
    char copy[64];
    if (!is_name(name, len) || len >= sizeof(copy)) {
        err_set(ret_err, ERR_INPUT, "${%.*s}: expected the name of an environment variable",
            len < sizeof(copy) ? (int)len : (int)sizeof(copy), name);
        return -1;
    }
    memcpy(copy, name, len);
    copy[len] = '\0';
    const char *value = env_get(copy);
    if (!value) {
        err_set(ret_err, ERR_INPUT, "${%s}: the environment has no such variable", copy);
        return -1;
    }
    text_puts(out, value);
    return 0;
}

static int expand_names(const char *value, struct text *out, struct err *ret_err)
{
    for (const char *open = NULL; (open = strstr(value, "${"));) {
        const char *close = strchr(open, '}');
        if (!close) {
            err_set(ret_err, ERR_INPUT, "\"}\" is missing after \"${\"");
            return -1;
        }
        text_append(out, value, (size_t)(open - value));
        if (expand_name(open + 2, (size_t)(close - open - 2), out, ret_err))
            return -1;
        value = close + 1;
    }
    text_puts(out, value);
    return 0;
}

/* Else `check --effective` would print something that means something else. */
static bool could_be_written(const char *s)
{
    for (const char *p = s; *p; p++) {
        if (iscntrl((unsigned char)*p) && *p != '\t')
            return false;
        if ((*p == ';' || *p == '#') && (p == s || strchr(" \t,", p[-1])))
            return false;
    }
    return !strstr(s, "${");
}

int env_expand(const char *value, struct text *out, struct err *ret_err)
{
    if (expand_names(value, out, ret_err))
        return -1;
    if (out->cut) {
        err_set(ret_err, ERR_INPUT, "too long with its variables: at most %zu bytes", out->cap - 1);
        return -1;
    }
    if (!could_be_written(out->p)) {
        err_set(ret_err, ERR_INPUT,
            "a variable brings in a comment mark, \"${\" or a control character");
        return -1;
    }
    return 0;
}
