/* collect: what the reader finds, checked one by one against the schema and put into a table.
 * Whatever is wrong goes to `problems`. */
#ifndef SLUICE_CONF_COLLECT_H
#define SLUICE_CONF_COLLECT_H

#include "conf/problems.h"
#include "conf/reader.h"
#include "conf/table.h"

struct collector {
    struct conf_table *table;
    struct problems *problems;
    struct section *current; /* NULL: before the first section, or when skipping */
    bool skipping;           /* in a section that could not be told: its keys mean nothing */
};

/* Fills table->built_in from the schema. */
void collect_built_in(struct collector *c);
struct reader_sink collector_sink(struct collector *c);

#endif
