/* values: one value of the language, from its text. Pure but for the arena. */
#ifndef SLUICE_CONF_VALUES_H
#define SLUICE_CONF_VALUES_H

#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/log.h"
#include "conf/arena.h"
#include "conf/conf.h"
#include "conf/schema.h"

/* Which member holds follows from the key's type. Pointers live in the arena. */
union value {
    int64_t number; /* durations, sizes, counts, a word's place */
    struct {
        int64_t from, to;
    } range;
    const char *text; /* TYPE_USER, TYPE_INCLUDE; TYPE_CERTIFICATE and TYPE_POOL, where NULL is
                         self-signed or none */
    struct log_target target;
    const struct conf_listen *listen; /* without `where` */
    const struct conf_server *server; /* without `where` */
    const struct addr *addr;
};

/* `text` is not empty and lives in the arena. 0, or -1 and an error that quotes what was found and
 * says what was expected; also when the arena has failed. */
int value_parse(const struct schema_key *key, const char *text, struct arena *arena,
    union value *ret_value, struct err *ret_err);

/* Names of sections and servers: [A-Za-z0-9_.-]+, at most NAME_BYTES_MAX. */
bool value_is_name(const char *s);

#endif
