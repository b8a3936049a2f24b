/* program: what each verb of the command line does, and what comes before and after all of them.
 * The results are exit statuses: 0 done, 1 failed, 2 the configuration is wrong. */
#ifndef SLUICE_RUN_PROGRAM_H
#define SLUICE_RUN_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* First and last in main(). init takes the environment away from the libraries, for good: only what
 * is listed in program.c stays (F94). 0 or -1. */
int program_init(void);
void program_fini(void);

int program_run(const char *path);
/* What run and try have in common: serves the file at `path`, or `text` under that name. */
struct process;
int program_serve(const char *path, const char *text, void (*on_ready)(const struct process *p));
/* Prints problems, and with `effective` every value in force. Opens no port. */
int program_check(const char *path, bool effective);
/* In front of `servers` ("HOST:PORT"), or of two demo servers when n is 0. */
int program_try(const char *listen, const char *const *servers, size_t n);
int program_version(void);

#endif
