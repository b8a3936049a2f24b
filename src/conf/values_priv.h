/* values_priv: shared by values.c and values_addr.c only. */
#ifndef SLUICE_CONF_VALUES_PRIV_H
#define SLUICE_CONF_VALUES_PRIV_H

#include "conf/values.h"

struct input {
    const struct schema_key *key;
    const char *text;
    struct arena *arena;
};

int value_parse_listen(const struct input *in, union value *ret_value, struct err *ret_err);
int value_parse_server(const struct input *in, union value *ret_value, struct err *ret_err);
int value_parse_address(const struct input *in, union value *ret_value, struct err *ret_err);
int value_parse_host(const struct input *in, union value *ret_value, struct err *ret_err);

#endif
