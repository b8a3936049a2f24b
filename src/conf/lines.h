/* lines: one text through inih, line by line, with inih's traps cured (shared libinih r55 and
 * newer, as built by default).
 *
 * | inih                                          | here                                    |
 * |-----------------------------------------------|-----------------------------------------|
 * | cuts or splits lines over 200 bytes           | gets `key=piece` lines that fit; joined |
 * | cuts names at 49 characters                   | longer ones are refused                 |
 * | an indented key continues the value above     | indentation is stripped before          |
 * | `:` splits as `=` does                        | only `=` does; `key: value` is refused  |
 * | ` ;` cuts a value, ` #` does not              | both begin a comment, gone before       |
 * | what follows `]` is lost                      | refused                                 |
 * | no line numbers, no call for an empty section | both are told from here                 |
 * | a NUL ends a line unseen                      | control characters are refused          |
 */
#ifndef SLUICE_CONF_LINES_H
#define SLUICE_CONF_LINES_H

#include "conf/problems.h"
#include "conf/reader.h"

enum { VALUE_BYTES_MAX = 8192 };

/* Values come to the sink unexpanded. `file` is kept in every `where`. */
void lines_parse(const char *file, const char *text, size_t len, const struct reader_sink *sink,
    struct problems *problems);

#endif
