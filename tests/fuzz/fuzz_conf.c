/* Any bytes as a configuration. What is accepted must print as a configuration that is accepted
 * again and prints the same (F86). */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct conf *load(const char *text, size_t len)
{
    struct problems problems;
    problems_init(&problems);
    struct conf *conf = conf_load_text("fuzz.ini", text, len, &problems);
    assert(!conf == problems_any(&problems));
    problems_fini(&problems);
    return conf;
}

static char *print(const struct conf *conf, size_t *ret_len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_len);
    if (!out)
        abort();
    conf_print_effective(conf, out);
    if (fclose(out))
        abort();
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The file system and the environment are not part of the input. */
    if (memmem(data, size, "include", 7) || memmem(data, size, "${", 2))
        return 0;
    struct conf *conf = load((const char *)data, size);
    if (!conf)
        return 0;
    size_t len = 0;
    char *printed = print(conf, &len);
    struct conf *again = load(printed, len);
    assert(again);
    assert(again->n_frontends == conf->n_frontends && again->n_pools == conf->n_pools);
    conf_free(again);
    free(printed);
    conf_free(conf);
    return 0;
}
