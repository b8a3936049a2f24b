/* fake_mem: base/mem.h with an allocation that fails and a count of what was not freed, by the
 * linker's --wrap. One thread. */
#ifndef SLUICE_TESTS_FAKE_MEM_H
#define SLUICE_TESTS_FAKE_MEM_H

#include <stdbool.h>

/* Counts from here on; the nth (from 1) fails, and no other. 0: none. */
void fake_mem_plan(unsigned nth);
unsigned fake_mem_count(void);
bool fake_mem_has_failed(void);

long fake_mem_live(void); /* blocks allocated and not yet freed */

#endif
