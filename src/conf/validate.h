/* validate: checks that look at more than one value. Each value by itself was judged before. */
#ifndef SLUICE_CONF_VALIDATE_H
#define SLUICE_CONF_VALIDATE_H

#include "conf/conf.h"
#include "conf/problems.h"

/* Also joins each frontend to its pool. Takes a conf with refused values too (`sound` is then
 * false), and does not complain about what follows from them. */
void conf_validate(struct conf *conf, bool sound, struct problems *problems);

#endif
