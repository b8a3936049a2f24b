/* certificates: the certificate files of a frontend as records, shared with the previous snapshot
 * where the bytes are the same. */
#ifndef SLUICE_SNAPSHOT_CERTIFICATES_H
#define SLUICE_SNAPSHOT_CERTIFICATES_H

#include "snapshot/snapshot.h"

/* Fills policy->records; problems name file and line of the certificate's key. `previous` may be
 * NULL. False when any failed (the policy is then half filled). */
bool certificates_load(const struct conf_frontend *conf, const struct assets *assets,
    const struct snapshot *previous, struct tls_policy *policy, struct problems *problems);
void certificates_release(struct tls_policy *policy);

#endif
