/* cert_fixture: certificates, keys and damaged things, made by OpenSSL when the test starts: each
 * is a piece of PEM with a name (the list is in the .c file).
 *
 * A failure to make one ends the program: the test would show nothing. One thread, the one that
 * made them. */
#ifndef SLUICE_TESTS_CERT_FIXTURE_H
#define SLUICE_TESTS_CERT_FIXTURE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stddef.h>
#include <stdint.h>

/* The validity of every certificate but "expired". */
#define CERT_FIXTURE_FROM_S INT64_C(1700000000)
#define CERT_FIXTURE_TO_S INT64_C(4000000000)

void cert_fixture_init(void);
void cert_fixture_fini(void);

/* The pieces of these names (with blanks between) one after another. The caller's to free(). */
char *cert_fixture_text(const char *names);

/* A certificate of its own for one test; subject_alt_names as in openssl.cnf ("DNS:a,IP:::1") or
 * NULL. */
struct cert_plan {
    const char *common_name; /* NULL: an empty subject */
    const char *subject_alt_names;
    int64_t from_s, to_s; /* both 0: the constants above */
};
/* Signed by itself, with its P-256 key after it. The caller's to free(). */
char *cert_fixture_make(const struct cert_plan *plan);

#endif
