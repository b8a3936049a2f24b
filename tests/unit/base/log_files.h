/* log_files: a folder of its own for each log test, and what stands in its files. */
#ifndef SLUICE_TESTS_LOG_FILES_H
#define SLUICE_TESTS_LOG_FILES_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static inline int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/sluice-log-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

/* A path in the folder; valid until it was asked for three others. */
static inline const char *path_of(const char *name)
{
    static char paths[4][128];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline int remove_folder(void **state)
{
    (void)state;
    DIR *dir = opendir(folder);
    if (!dir)
        return -1;
    for (struct dirent *e; (e = readdir(dir));)
        if (e->d_name[0] != '.')
            unlink(path_of(e->d_name));
    closedir(dir);
    return rmdir(folder);
}

/* The whole file, terminated; "" when there is none. Valid until the next call. */
static inline const char *contents(const char *name)
{
    static char text[4 * 1024 * 1024];
    size_t len = 0;
    FILE *file = fopen(path_of(name), "r");
    if (file) {
        len = fread(text, 1, sizeof text - 1, file);
        fclose(file);
    }
    text[len] = '\0';
    return text;
}

static inline unsigned count_lines(const char *text)
{
    unsigned n = 0;
    for (; (text = strchr(text, '\n')); text++)
        n++;
    return n;
}

#endif
