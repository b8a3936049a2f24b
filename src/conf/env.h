/* env: the environment as it was when the program started, for ${NAME} in configurations.
 *
 * The process clears its environment early so that it cannot steer libraries (F94); a reload must
 * still expand the same names. One copy a process: captured on the main thread before there are
 * others, read by any thread afterwards. */
#ifndef SLUICE_CONF_ENV_H
#define SLUICE_CONF_ENV_H

#include "base/err.h"
#include "base/text.h"

/* Copies the environment, replacing an earlier copy. 0, or -1 when there is no memory (the earlier
 * copy then stays). */
int env_capture(void);
void env_release(void);

/* NULL when unset. Asks the process's environment when nothing was captured. */
const char *env_get(const char *name);

/* Puts `value` with every ${NAME} replaced into an empty text; what comes in is not expanded again.
 * 0, or -1 and an error: a name that is unset or no name, a missing "}", no room, or a result that
 * no file could have held in that place. */
int env_expand(const char *value, struct text *out, struct err *ret_err);

#endif
