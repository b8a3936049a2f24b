/* cert_names: whom a certificate is for, and whether a name is among them. */
#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/mem.h"
#include "tls/cert_priv.h"
#include "tls/tls_error.h"

/* Not isalpha() and its like: what a byte is must not depend on the locale. */
static bool is_name_byte(unsigned char c)
{
    return c > ' ' && c < 0x7f;
}

/* A name with a NUL, a blank or a control character in it is an attempt to pass for another. */
static bool is_name(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_name_byte(p[i]))
            return false;
    return n > 0;
}

/* There must be room in record->names. */
static int names_add(struct cert_record *record, const void *name, size_t n, struct err *ret_err)
{
    char *copy = mem_strndup(name, n);
    if (!copy) {
        err_set(ret_err, ERR_MEMORY, "no memory for a certificate's names");
        return -1;
    }
    for (char *c = copy; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    record->names[record->n_names++] = copy;
    return 0;
}

static int names_reserve(struct cert_record *record, size_t n, struct err *ret_err)
{
    record->names = mem_array(n, sizeof *record->names);
    if (record->names)
        return 0;
    err_set(ret_err, ERR_MEMORY, "no memory for a certificate's names");
    return -1;
}

static int dns_add(struct cert_record *record, const ASN1_IA5STRING *dns, struct err *ret_err)
{
    const unsigned char *p = ASN1_STRING_get0_data(dns);
    size_t n = (size_t)ASN1_STRING_length(dns);
    if (!is_name(p, n))
        return tls_error_refuse(
            ret_err, "the certificate has a DNS name that is none: have it issued anew");
    return names_add(record, p, n, ret_err);
}

static int ip_add(struct cert_record *record, const ASN1_OCTET_STRING *ip, struct err *ret_err)
{
    char text[INET6_ADDRSTRLEN];
    int n = ASN1_STRING_length(ip);
    if (n != 4 && n != 16)
        return tls_error_refuse(
            ret_err, "the certificate has an IP address of %d bytes: have it issued anew", n);
    inet_ntop(n == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(ip), text, sizeof text);
    return names_add(record, text, strlen(text), ret_err);
}

static int alt_names_add(
    struct cert_record *record, const GENERAL_NAMES *alt_names, struct err *ret_err)
{
    int n = sk_GENERAL_NAME_num(alt_names);
    if (names_reserve(record, (size_t)n, ret_err) < 0)
        return -1;
    for (int i = 0; i < n; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(alt_names, i);
        int rc = 0;
        if (name->type == GEN_DNS)
            rc = dns_add(record, name->d.dNSName, ret_err);
        else if (name->type == GEN_IPADD)
            rc = ip_add(record, name->d.iPAddress, ret_err);
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* A CN is free text ("Our test server"): one that cannot be a host name is not an error, just no
 * name. */
static int common_name_add(X509 *leaf, struct cert_record *record, struct err *ret_err)
{
    const X509_NAME *subject = X509_get_subject_name(leaf);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0)
        return 0;
    const ASN1_STRING *cn = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    const unsigned char *p = ASN1_STRING_get0_data(cn);
    size_t n = (size_t)ASN1_STRING_length(cn);
    if (!is_name(p, n))
        return 0;
    if (names_reserve(record, 1, ret_err) < 0)
        return -1;
    return names_add(record, p, n, ret_err);
}

int cert_names_take(X509 *leaf, struct cert_record *record, struct err *ret_err)
{
    int how; /* -1: there is none */
    GENERAL_NAMES *alt_names = X509_get_ext_d2i(leaf, NID_subject_alt_name, &how, NULL);
    if (!alt_names && how == -1)
        return common_name_add(leaf, record, ret_err);
    if (!alt_names)
        return tls_error_refuse(
            ret_err, "the certificate's alternative names cannot be read: have it issued anew");
    int rc = alt_names_add(record, alt_names, ret_err);
    GENERAL_NAMES_free(alt_names);
    return rc;
}

/* RFC 6125 section 6.4.3: the star stands for the whole leftmost label, and for one label only. */
static enum cert_match pattern_match(const char *pattern, const char *name)
{
    if (strcmp(pattern, name) == 0)
        return CERT_MATCH_EXACT;
    const char *dot = strchr(name, '.');
    bool is_covered =
        strncmp(pattern, "*.", 2) == 0 && dot && dot != name && strcmp(dot, pattern + 1) == 0;
    return is_covered ? CERT_MATCH_WILDCARD : CERT_MATCH_NONE;
}

enum cert_match cert_record_match(const struct cert_record *record, const char *name)
{
    enum cert_match best = CERT_MATCH_NONE;
    for (size_t i = 0; i < record->n_names; i++) {
        enum cert_match match = pattern_match(record->names[i], name);
        if (match > best)
            best = match;
    }
    return best;
}

bool cert_record_has_name(const struct cert_record *record, const char *name)
{
    return cert_record_match(record, name) != CERT_MATCH_NONE;
}
