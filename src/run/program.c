#include "run/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sys.h"
#include "conf/env.h"
#include "run/privileges.h"
#include "run/process.h"
#include "run/signals.h"

/* Everything else in the environment could steer a library (F94): LIBEV_FLAGS, OPENSSL_CONF,
 * SSL_CERT_FILE, ... ${NAME} in the configuration sees all of it: conf/env.h keeps a copy. */
static const char *const kept_names[] = {"PATH", "TZ", "LANG", "HOME", "XDG_RUNTIME_DIR", "TMPDIR",
    "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"};

static int clear_environment(void)
{
    if (env_capture() < 0)
        return -1;
    clearenv();
    for (size_t i = 0; i < sizeof kept_names / sizeof kept_names[0]; i++) {
        const char *value = env_get(kept_names[i]);
        if (value && setenv(kept_names[i], value, 1) < 0)
            return -1;
    }
    return 0;
}

/* One of the three that came closed would be given to the next thing opened, and what is meant for
 * people would go to a client. */
static int open_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (sys_fcntl(fd, F_GETFD, 0) < 0 && sys_open("/dev/null", O_RDWR, 0) != fd)
            return -1;
    return 0;
}

int program_init(void)
{
    struct err err;
    signals_hold();
    if (open_standard_streams() < 0) { /* if it was stderr, there is nowhere to say it */
        fputs("sluice: /dev/null cannot be opened in the place of a closed stream\n", stderr);
        return -1;
    }
    if (clear_environment() < 0) {
        fputs("sluice: no memory\n", stderr);
        return -1;
    }
    if (libctx_process_init(&err) < 0) {
        fprintf(stderr, "sluice: %s\n", err.context);
        return -1;
    }
    return 0;
}

void program_fini(void)
{
    libctx_process_fini();
    env_release();
}

int program_serve(const char *path, const char *text, void (*on_ready)(const struct process *p))
{
    struct problems problems;
    problems_init(&problems);
    struct conf *conf =
        text ? conf_load_text(path, text, strlen(text), &problems) : conf_load(path, &problems);
    problems_print(&problems, stderr);
    problems_fini(&problems);
    if (!conf)
        return 2;
    struct process *p = mem_zalloc(sizeof *p);
    if (!p) {
        conf_free(conf);
        fputs("sluice: no memory\n", stderr);
        return 1;
    }
    p->path = path;
    p->text = text;
    p->on_ready = on_ready;
    int status = process_run(p, conf);
    mem_free(p);
    return status;
}

int program_run(const char *path)
{
    return program_serve(path, NULL, NULL);
}

/* What can be known without opening a port. */
static void check_beyond_values(const struct conf *conf, struct problems *problems)
{
    static const unsigned char no_secret[TICKET_SECRET_BYTES];
    struct err err;
    struct identity identity;
    struct libctx *libctx = libctx_enter(&err);
    if (!libctx) {
        problems_error(problems, (struct where){0}, "%s", err.context);
        return;
    }
    if (privileges_resolve(&conf->global, &identity, problems) == 0) {
        struct assets assets;
        assets_init(&assets, 1, identity.uid, clock_system(), no_secret);
        snapshot_check(conf, &assets, problems);
        assets_fini(&assets);
    }
    libctx_leave(libctx);
}

/* Whoever wrote it to a full disk must not take it for whole. */
static int finish_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    perror("sluice: cannot write the output");
    return 1;
}

int program_check(const char *path, bool effective)
{
    struct problems problems;
    problems_init(&problems);
    struct conf *conf = conf_load(path, &problems);
    if (conf)
        check_beyond_values(conf, &problems);
    bool bad = problems_any(&problems);
    problems_print(&problems, stderr);
    problems_fini(&problems);
    if (!bad && effective)
        conf_print_effective(conf, stdout);
    else if (!bad)
        printf("%s: the configuration is good\n", path);
    conf_free(conf);
    return bad ? 2 : finish_output();
}

int program_version(void)
{
    printf("sluice %s\n%s\n%s\ninih %s\n", SLUICE_VERSION, libctx_version(), loop_library_version(),
        SLUICE_INIH_VERSION);
    return finish_output();
}
