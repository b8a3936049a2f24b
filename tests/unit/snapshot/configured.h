/* configured: configurations from text, for tests that build something out of them: certificate
 * files in a folder of their own, addresses that nobody else gets. */
#ifndef SLUICE_TESTS_CONFIGURED_H
#define SLUICE_TESTS_CONFIGURED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/log_files.h"
#include "../net/sockets.h"
#include "../tls/cert_fixture.h"
#include "conf/conf.h"

#define PORTS 2

/* Loopback addresses: one for each of the two listeners that a text may have. */
static struct {
    struct addr addr;
    char text[ADDR_TEXT_MAX];
    int reserved;
} ports[PORTS];

static inline void ports_reserve(void)
{
    for (int i = 0; i < PORTS; i++) {
        ports[i].reserved = reserve(&ports[i].addr);
        addr_format(&ports[i].addr, ports[i].text);
    }
}

static inline void ports_release(void)
{
    for (int i = 0; i < PORTS; i++)
        close(ports[i].reserved);
}

/* A file in the folder that only its owner may read. */
static inline void write_file(const char *name, const char *text)
{
    int fd = open(path_of(name), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static inline void write_certificate(const char *name, const char *host)
{
    char names[80];
    snprintf(names, sizeof names, "DNS:%s", host);
    char *text =
        cert_fixture_make(&(struct cert_plan){.common_name = host, .subject_alt_names = names});
    write_file(name, text);
    free(text);
}

/* The text with $0 and $1 for the addresses, #0 and #1 for their ports, and @NAME for a path in the
 * folder (NAME of letters, digits, dots and dashes). Valid until the next call. */
static inline const char *expand(const char *template)
{
    static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    static char text[4096];
    size_t n = 0;
    for (const char *p = template; *p;) {
        if (*p == '$') {
            n += (size_t)snprintf(text + n, sizeof text - n, "%s", ports[p[1] - '0'].text);
            p += 2;
        } else if (*p == '#') {
            unsigned port = addr_port(&ports[p[1] - '0'].addr);
            n += (size_t)snprintf(text + n, sizeof text - n, "%u", port);
            p += 2;
        } else if (*p == '@') {
            char name[64];
            size_t len = strspn(++p, name_bytes);
            snprintf(name, sizeof name, "%.*s", (int)len, p);
            n += (size_t)snprintf(text + n, sizeof text - n, "%s", path_of(name));
            p += len;
        } else {
            text[n++] = *p++;
        }
        assert_true(n < sizeof text - 1);
    }
    text[n] = '\0';
    return text;
}

static inline struct conf *conf_from(const char *template, struct problems *problems)
{
    const char *text = expand(template);
    struct conf *conf = conf_load_text("sluice.ini", text, strlen(text), problems);
    if (!conf) {
        problems_print(problems, stderr);
        fail_msg("the test's own configuration is wrong");
    }
    return conf;
}

static inline void assert_said(const struct problems *problems, const char *words)
{
    for (size_t i = 0; i < problems->n; i++)
        if (strstr(problems->items[i].text, words))
            return;
    problems_print(problems, stderr);
    fail_msg("nothing was said of: %s", words);
}

static inline void assert_nothing_said(const struct problems *problems)
{
    if (problems->n) {
        problems_print(problems, stderr);
        fail_msg("%zu problems", problems->n);
    }
}

#endif
