/* The main() of a fuzz target in an ordinary build: every file of its corpus, once, as one TAP case
 * each.
 *
 * usage: fuzz_NAME [FILE...]    without files: all of $srcdir/tests/fuzz/corpus/NAME */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned cases;

static void die(const char *what)
{
    printf("Bail out! %s: %s\n", what, strerror(errno));
    exit(99);
}

/* The whole file in a block of exactly its size, so that a read past the end is seen. */
static uint8_t *read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) < 0)
        die(path);
    long end = ftell(file);
    if (end < 0)
        die(path);
    rewind(file);
    size_t size = (size_t)end;
    uint8_t *data = malloc(size ? size : 1);
    if (!data || fread(data, 1, size, file) != size)
        die(path);
    fclose(file);
    *ret_size = size;
    return data;
}

static void replay(const char *path)
{
    size_t size;
    uint8_t *data = read_file(path, &size);
    printf("# %s\n", path);
    fflush(stdout); /* the last line tells which file ended the program */
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    printf("ok %u - %s\n", ++cases, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay_corpus(const char *name)
{
    const char *srcdir = getenv("srcdir");
    char folder[4096], path[4096 + 256];
    struct dirent **entries;
    snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".", name);
    int n = scandir(folder, &entries, is_visible, alphasort);
    if (n < 0)
        die(folder);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        replay(path);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    const char *name = strstr(program_invocation_short_name, "fuzz_");
    if (argc == 1 && name)
        replay_corpus(name + strlen("fuzz_"));
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("1..%u\n", cases);
    return cases ? 0 : 1;
}
