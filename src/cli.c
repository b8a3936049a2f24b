#include "cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "run/program.h"

#define DEFAULT_PATH "/etc/sluice/sluice.ini"
#define TRY_LISTEN "127.0.0.1:8443"
#define TRY_SERVERS_MAX 256

struct options {
    const char *path;
    bool help;
    bool effective;
    const char *listen;
    const char *servers[TRY_SERVERS_MAX];
    size_t n_servers;
};

static int print_help(void)
{
    fputs("sluice [run] [-c FILE]                  run in the foreground (" DEFAULT_PATH ")\n"
          "sluice check [--effective] [-c FILE]    say what is wrong with a configuration; print "
          "every\n"
          "                                        value in force and where it was written\n"
          "sluice try [--listen ADDRESS] [--to HOST:PORT ...]\n"
          "                                        run without a file, on " TRY_LISTEN
          ", in front of\n"
          "                                        these servers or of two of its own\n"
          "sluice --version\n"
          "sluice -h\n"
          "\n"
          "Signals: HUP reads the configuration again, TERM and QUIT drain and stop, INT stops, "
          "USR1 opens\n"
          "the logs again. See sluice(8) and sluice.ini(5).\n",
        stdout);
    return 0;
}

static int complain(const char *what, const char *word)
{
    fprintf(stderr, "sluice: %s%s; see sluice -h\n", what, word);
    return 2;
}

/* The value of an option that needs one; NULL when the line ends there, or it is empty (as "$FILE"
 * of a variable that is not set). */
static const char *value_of(int argc, char **argv, int *i)
{
    return *i + 1 < argc && *argv[*i + 1] ? argv[++*i] : NULL;
}

static bool is_help(const char *word)
{
    return !strcmp(word, "-h") || !strcmp(word, "--help");
}

static int add_server(struct options *o, const char *server)
{
    if (o->n_servers == TRY_SERVERS_MAX)
        return complain("too many servers: ", server);
    o->servers[o->n_servers++] = server;
    return 0;
}

/* 0, or the exit status of a wrong command line. */
static int parse(const char *verb, int argc, char **argv, struct options *o)
{
    bool is_try = !strcmp(verb, "try"), is_check = !strcmp(verb, "check");
    for (int i = 0; i < argc; i++) {
        const char *option = argv[i];
        bool effective = is_check && !strcmp(option, "--effective");
        o->effective |= effective;
        o->help |= is_help(option);
        if (effective || is_help(option))
            continue;
        bool c = !is_try && !strcmp(option, "-c");
        bool listen = is_try && !strcmp(option, "--listen");
        bool to = is_try && !strcmp(option, "--to");
        if (!c && !listen && !to)
            return complain(
                is_try || *option == '-' ? "what does this mean: " : "a file is named by -c: ",
                option);
        const char *value = value_of(argc, argv, &i);
        if (!value)
            return complain("a value is missing after ", option);
        if (c)
            o->path = value;
        else if (listen)
            o->listen = value;
        else if (add_server(o, value))
            return 2;
    }
    return 0;
}

static int run_verb(const char *verb, const struct options *o)
{
    if (o->help)
        return print_help();
    if (!strcmp(verb, "run"))
        return program_run(o->path);
    if (!strcmp(verb, "check"))
        return program_check(o->path, o->effective);
    return program_try(o->listen, o->servers, o->n_servers);
}

static bool is_verb(const char *word)
{
    return !strcmp(word, "run") || !strcmp(word, "check") || !strcmp(word, "try");
}

int cli_main(int argc, char **argv)
{
    static struct options options = {.path = DEFAULT_PATH, .listen = TRY_LISTEN};
    const char *first = argc > 1 ? argv[1] : "run";
    if (is_help(first) || !strcmp(first, "help"))
        return print_help();
    if (!strcmp(first, "--version") || !strcmp(first, "-V"))
        return program_version();
    bool named = argc > 1 && is_verb(first);
    if (argc > 1 && !named && first[0] != '-')
        return complain("there is no verb ", first);
    const char *verb = named ? first : "run";
    int skip = named ? 2 : 1;
    int rc =
        parse(verb, argc > skip ? argc - skip : 0, argv + (argc > skip ? skip : argc), &options);
    return rc ? rc : run_verb(verb, &options);
}
