/* units: numbers as operators write them. Pure. Messages show the fix: `5` for a time says `say 5s
 * or 5ms`. */
#ifndef SLUICE_BASE_UNITS_H
#define SLUICE_BASE_UNITS_H

#include <stdint.h>

#include "base/err.h"

int units_parse_duration(const char *text, int64_t *ret_us,
    struct err *ret_err); /* 250ms 5s 10m 12h 1d; whole numbers */
int units_parse_size(const char *text, uint64_t *ret_bytes,
    struct err *ret_err); /* 512 is an error; 512b 16k 2m 1g, powers of 1024 */
int units_parse_percent(
    const char *text, unsigned *ret_percent, struct err *ret_err);             /* 0% .. 100% */
int units_parse_count(const char *text, uint64_t *ret_n, struct err *ret_err); /* bare digits */
int units_parse_bool(
    const char *text, int *ret_bool, struct err *ret_err); /* on off yes no true false */

/* The shortest exact form in the same language: 90s, 250ms, 16k. out of 32 bytes. */
void units_format_duration(int64_t us, char out[static 32]);
void units_format_size(uint64_t bytes, char out[static 32]);

#endif
