/* build: from a table to the values of conf.h. Cannot find anything wrong: what was refused is
 * simply not there. */
#ifndef SLUICE_CONF_BUILD_H
#define SLUICE_CONF_BUILD_H

#include "conf/conf.h"
#include "conf/table.h"

/* Fills all but path and table, and resolves no pool. False when there is no memory. */
bool conf_build(struct conf *conf, struct conf_table *table);

#endif
