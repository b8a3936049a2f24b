/* try: the main job without a file. The configuration is a text like any other and is shown. */
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "run/demo.h"
#include "run/process.h"
#include "run/program.h"

#define TEXT_MAX_BYTES 16384

/* The addresses of "NAME:PORT", NULL when it has none. The configuration knows no names yet; who
 * only wants to try should not have to look up an address. */
static struct addrinfo *look_up(const char *server)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct addr addr;
    struct err err;
    char host[NI_MAXHOST];
    const char *colon = strrchr(server, ':');
    if (!colon || addr_parse(server, &addr, &err) == 0 || (size_t)(colon - server) >= sizeof host)
        return NULL;
    memcpy(host, server, (size_t)(colon - server));
    host[colon - server] = '\0';
    return getaddrinfo(host, colon + 1, &hints, &found) == 0 ? found : NULL;
}

/* What is neither an address nor a known name is put as it is: the parser says what is wrong. */
static void put_server(struct text *t, size_t number, const char *server)
{
    struct addrinfo *found = look_up(server);
    if (!found)
        text_printf(t, "server = s%zu %s\n", number, server);
    size_t nth = 0;
    for (const struct addrinfo *it = found; it; it = it->ai_next) {
        char address[ADDR_TEXT_MAX];
        struct addr addr = {.len = it->ai_addrlen};
        memcpy(&addr.u, it->ai_addr, it->ai_addrlen);
        addr_format(&addr, address);
        text_printf(t, "server = s%zu-%zu %s\n", number, ++nth, address);
    }
    if (found)
        freeaddrinfo(found);
}

static void put_servers(
    struct text *t, const struct demo *demo, const char *const *servers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_server(t, i + 1, servers[i]);
    for (size_t i = 0; demo && i < DEMO_SERVERS; i++) {
        char address[ADDR_TEXT_MAX];
        addr_format(demo_address(demo, i), address);
        text_printf(t, "server = %s %s\n", demo_name(i), address);
    }
}

static void write_configuration(struct text *t, const char *listen, const struct demo *demo,
    const char *const *servers, size_t n)
{
    text_printf(t, "[global]\naccess-log = stderr\n");
    if (geteuid() == 0)
        text_puts(t, "user = nobody\n");
    text_printf(t,
        "\n[frontend try]\nlisten = %s\ncertificate = self-signed\npool = servers\n\n[pool "
        "servers]\n",
        listen);
    put_servers(t, demo, servers, n);
}

/* What curl can reach: a path by its option, and a port on all addresses on one of them. */
static void put_curl_line(struct text *t, const struct addr *addr)
{
    char address[ADDR_TEXT_MAX];
    addr_format(addr, address);
    bool any = !strncmp(address, "0.0.0.0:", 8) || !strncmp(address, "[::]:", 5);
    if (addr->u.sa.sa_family == AF_UNIX)
        text_printf(t, "curl -k --unix-socket %s https://localhost/", addr->u.un.sun_path);
    else if (any)
        text_printf(t, "curl -k https://127.0.0.1:%u/", (unsigned)addr_port(addr));
    else
        text_printf(t, "curl -k https://%s/", address);
}

static void on_ready(const struct process *p)
{
    char memory[ADDR_TEXT_MAX + 64];
    struct text curl;
    text_init(&curl, memory, sizeof memory);
    put_curl_line(&curl, process_first_address(p));
    printf("\nThis is what it runs; put it into a file and start it with `sluice -c FILE`:\n\n%s\n"
           "Try it:\n\n    %s\n\nCtrl-C stops it.\n\n",
        p->text, memory);
    fflush(stdout);
}

int program_try(const char *listen, const char *const *servers, size_t n)
{
    static char memory[TEXT_MAX_BYTES];
    struct text text;
    struct err err;
    struct demo *demo = NULL;
    if (!n && !(demo = demo_start(&err))) {
        fprintf(stderr, "sluice: %s\n", err.context);
        return 1;
    }
    text_init(&text, memory, sizeof memory);
    write_configuration(&text, listen, demo, servers, n);
    int status = 2;
    if (text.cut)
        fputs("sluice: too many servers for one try: write a file\n", stderr);
    else
        status = program_serve("sluice try", memory, on_ready);
    demo_stop(demo);
    return status;
}
