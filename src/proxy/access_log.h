/* access_log: one line a connection, at its end, in logfmt or JSON (the same names; they
 * are listed in access_fields.def). An end that is an error goes to the error log as well. */
#ifndef SLUICE_PROXY_ACCESS_LOG_H
#define SLUICE_PROXY_ACCESS_LOG_H

#include "proxy/session.h"

/* `err` may be NULL. */
void access_log_session(const struct session *s, enum close_reason reason, const struct err *err);

#endif
