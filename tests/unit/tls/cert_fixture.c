/* cert_fixture: see the header. A root signs an intermediate, which signs the leaves. */
#include "cert_fixture.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECES_MAX 64

static struct {
    struct piece {
        const char *name;
        char *text;
    } pieces[PIECES_MAX];
    size_t n;
    EVP_PKEY *root_key, *middle_key, *leaf_key;
    X509 *root, *middle;
} fixture;

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "fixture: %s failed\n", what);
    abort();
}

/* -- pieces -- */

static void piece_add(const char *name, char *text)
{
    must(text && fixture.n < PIECES_MAX, name);
    fixture.pieces[fixture.n++] = (struct piece){name, text};
}

static const char *piece_find(const char *name, size_t n)
{
    for (size_t i = 0; i < fixture.n; i++)
        if (strlen(fixture.pieces[i].name) == n && memcmp(fixture.pieces[i].name, name, n) == 0)
            return fixture.pieces[i].text;
    must(false, name);
    return NULL;
}

static char *join(const char *a, const char *b)
{
    char *both;
    must(asprintf(&both, "%s%s", a, b) >= 0, "memory");
    return both;
}

char *cert_fixture_text(const char *names)
{
    char *text = strdup("");
    must(text != NULL, "memory");
    while (*names) {
        size_t n = strcspn(names, " ");
        char *longer = join(text, piece_find(names, n));
        free(text);
        text = longer;
        names += n;
        names += strspn(names, " ");
    }
    return text;
}

/* Takes the BIO. */
static char *bio_text(BIO *bio)
{
    char *p;
    long n = BIO_get_mem_data(bio, &p);
    char *text = strndup(p, (size_t)n);
    BIO_free(bio);
    must(text != NULL, "memory");
    return text;
}

static BIO *bio_new(void)
{
    BIO *bio = BIO_new(BIO_s_mem());
    must(bio != NULL, "memory");
    return bio;
}

static char *pem_of_bytes(const char *label, const unsigned char *p, long n)
{
    BIO *bio = bio_new();
    must(PEM_write_bio(bio, label, "", p, n) > 0, label);
    return bio_text(bio);
}

static char *pem_of_cert(X509 *cert)
{
    BIO *bio = bio_new();
    must(PEM_write_bio_X509(bio, cert) == 1, "PEM_write_bio_X509");
    return bio_text(bio);
}

static char *pem_of_key(EVP_PKEY *key)
{
    BIO *bio = bio_new();
    must(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1, "PKCS #8");
    return bio_text(bio);
}

static char *pem_of_old_key(EVP_PKEY *key, const EVP_CIPHER *cipher)
{
    const char *pass = cipher ? "secret" : NULL;
    BIO *bio = bio_new();
    must(PEM_write_bio_PrivateKey_traditional(
             bio, key, cipher, (const unsigned char *)pass, cipher ? 6 : 0, NULL, NULL) == 1,
        "old key");
    return bio_text(bio);
}

static char *pem_of_encrypted_key(EVP_PKEY *key)
{
    BIO *bio = bio_new();
    must(PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL) == 1,
        "encrypted key");
    return bio_text(bio);
}

/* -- certificates -- */

struct recipe {
    struct cert_plan plan;
    EVP_PKEY *key, *issuer_key;
    X509 *issuer; /* NULL: itself */
    const EVP_MD *md;
    bool is_ca;
    void (*add_extension)(X509 *cert); /* what X509V3_EXT_conf_nid() would not write */
};

static void extension_add(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx = {0};
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    must(extension && X509_add_ext(cert, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

static void cert_fill_subject(X509 *cert, const struct recipe *r)
{
    X509_NAME *subject = X509_get_subject_name(cert);
    const unsigned char *cn = (const unsigned char *)r->plan.common_name;
    if (cn)
        must(X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, cn, -1, -1, 0) == 1,
            "subject");
    must(X509_set_issuer_name(cert, r->issuer ? X509_get_subject_name(r->issuer) : subject) == 1,
        "issuer");
}

static X509 *cert_new(struct recipe r)
{
    static uint64_t serial;
    X509 *cert = X509_new();
    must(cert != NULL, "memory");
    if (!r.plan.from_s && !r.plan.to_s) {
        r.plan.from_s = CERT_FIXTURE_FROM_S;
        r.plan.to_s = CERT_FIXTURE_TO_S;
    }
    must(X509_set_version(cert, X509_VERSION_3) == 1 &&
             ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), ++serial) == 1 &&
             ASN1_TIME_set(X509_getm_notBefore(cert), r.plan.from_s) &&
             ASN1_TIME_set(X509_getm_notAfter(cert), r.plan.to_s) &&
             X509_set_pubkey(cert, r.key) == 1,
        "certificate");
    cert_fill_subject(cert, &r);
    X509 *issuer = r.issuer ? r.issuer : cert;
    if (r.is_ca)
        extension_add(cert, issuer, NID_basic_constraints, "critical,CA:TRUE");
    if (r.plan.subject_alt_names)
        extension_add(cert, issuer, NID_subject_alt_name, r.plan.subject_alt_names);
    if (r.add_extension)
        r.add_extension(cert);
    EVP_PKEY *signer = r.issuer_key ? r.issuer_key : r.key;
    const EVP_MD *md = EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    must(X509_sign(cert, signer, r.md ? r.md : md) > 0, "signature");
    return cert;
}

static void cert_add(const char *name, struct recipe r)
{
    X509 *cert = cert_new(r);
    piece_add(name, pem_of_cert(cert));
    X509_free(cert);
}

static struct recipe leaf_recipe(void)
{
    return (struct recipe){
        .plan = {.common_name = "leaf", .subject_alt_names = "DNS:www.example.org"},
        .key = fixture.leaf_key,
        .issuer_key = fixture.middle_key,
        .issuer = fixture.middle,
    };
}

char *cert_fixture_make(const struct cert_plan *plan)
{
    X509 *cert = cert_new((struct recipe){.plan = *plan, .key = fixture.leaf_key});
    char *pem = pem_of_cert(cert), *key = pem_of_key(fixture.leaf_key);
    char *both = join(pem, key);
    X509_free(cert);
    free(pem);
    free(key);
    return both;
}

static void authorities_make(void)
{
    fixture.root_key = EVP_EC_gen("P-256");
    fixture.middle_key = EVP_EC_gen("P-256");
    fixture.leaf_key = EVP_EC_gen("P-256");
    must(fixture.root_key && fixture.middle_key && fixture.leaf_key, "P-256");
    fixture.root = cert_new(
        (struct recipe){.plan = {.common_name = "root"}, .key = fixture.root_key, .is_ca = true});
    struct recipe middle = {.plan = {.common_name = "middle"},
        .key = fixture.middle_key,
        .issuer_key = fixture.root_key,
        .issuer = fixture.root,
        .is_ca = true};
    fixture.middle = cert_new(middle);
    piece_add("root", pem_of_cert(fixture.root));
    piece_add("middle", pem_of_cert(fixture.middle));
    middle.key = fixture.leaf_key; /* the right name, another key */
    cert_add("false-middle", middle);
    middle.key = fixture.middle_key; /* the right key, another name */
    middle.plan.common_name = "renamed";
    cert_add("renamed-middle", middle);
}

/* -- leaves and keys -- */

static void sound_pieces_make(void)
{
    struct recipe leaf = leaf_recipe();
    cert_add("leaf", leaf);
    leaf.plan.from_s = 1000000000;
    leaf.plan.to_s = 1100000000;
    cert_add("expired", leaf);
    piece_add("leaf-key", pem_of_key(fixture.leaf_key));
    piece_add("leaf-key-old", pem_of_old_key(fixture.leaf_key, NULL));
    piece_add("comment", strdup("Bag Attributes\n    friendlyName: leaf\n\n"));
    /* P-256's name in DER, as `openssl ecparam` writes it. */
    piece_add("ec-parameters",
        pem_of_bytes("EC PARAMETERS",
            (const unsigned char *)"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10));
}

/* A key of its own, a certificate of the intermediate for it; names end in -cert and -key. */
static void pair_add(const char *cert_name, const char *key_name, EVP_PKEY *key)
{
    must(key != NULL, cert_name);
    struct recipe r = leaf_recipe();
    r.key = key;
    cert_add(cert_name, r);
    piece_add(key_name, pem_of_key(key));
    EVP_PKEY_free(key);
}

static void pairs_make(void)
{
    pair_add("rsa-2048-cert", "rsa-2048-key", EVP_RSA_gen(2048));
    pair_add("rsa-1024-cert", "rsa-1024-key", EVP_RSA_gen(1024));
    pair_add("p-192-cert", "p-192-key", EVP_EC_gen("P-192"));
    pair_add("other-cert", "other-key", EVP_EC_gen("P-384"));
    pair_add("ed25519-cert", "ed25519-key", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    pair_add("x25519-cert", "x25519-key", EVP_PKEY_Q_keygen(NULL, NULL, "X25519"));
}

/* -- what must be refused -- */

static void locked_keys_make(void)
{
    piece_add("encrypted-key", pem_of_encrypted_key(fixture.leaf_key));
    piece_add("encrypted-key-old", pem_of_old_key(fixture.leaf_key, EVP_aes_128_cbc()));
    /* Encrypted, but the label says it is not: OpenSSL's decoders would ask for a passphrase. */
    char *label, *header;
    unsigned char *p;
    long n;
    BIO *bio = BIO_new_mem_buf(piece_find("encrypted-key", strlen("encrypted-key")), -1);
    must(bio != NULL, "memory");
    must(PEM_read_bio(bio, &label, &header, &p, &n) == 1, "encrypted key");
    piece_add("disguised-key", pem_of_bytes("PRIVATE KEY", p, n));
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_free(p);
    BIO_free(bio);
}

static void add_raw_extension(X509 *cert, const char *der, int n)
{
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    must(value && ASN1_OCTET_STRING_set(value, (const unsigned char *)der, n) == 1, "memory");
    X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, value);
    must(extension && X509_add_ext(cert, extension, -1) == 1, "extension");
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
}

/* The three are GeneralNames in DER: SEQUENCE { [2] dNSName or [7] iPAddress }. */
static void add_name_with_nul(X509 *cert)
{
    add_raw_extension(cert, "\x30\x09\x82\x07www\0org", 11);
}

static void add_name_with_line_end(X509 *cert)
{
    add_raw_extension(cert, "\x30\x09\x82\x07www\norg", 11);
}

static void add_long_address(X509 *cert)
{
    add_raw_extension(cert, "\x30\x07\x87\x05\x7f\x00\x00\x01\x01", 9);
}

static void add_broken_names(X509 *cert)
{
    add_raw_extension(cert, "\x30\x7f\x82\x07www", 7);
}

static void add_names_again(X509 *cert)
{
    extension_add(cert, cert, NID_subject_alt_name, "DNS:a.example.org");
    extension_add(cert, cert, NID_subject_alt_name, "DNS:b.example.org");
}

static void odd_leaves_make(void)
{
    static const struct {
        const char *name;
        void (*add)(X509 *cert);
    } odd[] = {
        {"nul-in-name", add_name_with_nul},
        {"line-end-in-name", add_name_with_line_end},
        {"long-address", add_long_address},
        {"broken-names", add_broken_names},
        {"names-twice", add_names_again},
    };
    struct recipe leaf = leaf_recipe();
    leaf.plan.subject_alt_names = NULL;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        leaf.add_extension = odd[i].add;
        cert_add(odd[i].name, leaf);
    }
    leaf.add_extension = NULL;
    leaf.md = EVP_sha1();
    cert_add("sha1-leaf", leaf);
}

/* The piece with its text cut or changed at one place. */
static char *piece_with(const char *name, const char *what, const char *by)
{
    const char *text = piece_find(name, strlen(name));
    const char *at = strstr(text, what);
    must(at != NULL, what);
    char *changed;
    must(asprintf(&changed, "%.*s%s%s", (int)(at - text), text, by, at + strlen(what)) >= 0, name);
    return changed;
}

static char *piece_cut(const char *name, size_t from_end)
{
    const char *text = piece_find(name, strlen(name));
    char *cut = strndup(text, strlen(text) - from_end);
    must(cut != NULL, "memory");
    return cut;
}

static void damaged_pieces_make(void)
{
    piece_add("words", strdup("this is no certificate\n"));
    piece_add("cut-middle", piece_cut("middle", 200));
    piece_add("cut-begin", strdup("-----BEGIN CERTIFICA"));
    piece_add("no-dash-middle", piece_with("middle", "CERTIFICATE-----", "CERTIFICATE----"));
    piece_add("wrong-end", piece_with("middle", "END CERTIFICATE", "END PRIVATE KEY"));
    piece_add("bad-base64", piece_with("middle", "\nM", "\n?"));
    const unsigned char junk[16] = {0x30, 0x0e, 0x02, 0x01};
    piece_add("junk-cert", pem_of_bytes("CERTIFICATE", junk, sizeof junk));
    piece_add("junk-key", pem_of_bytes("PRIVATE KEY", junk, sizeof junk));
    piece_add("request", pem_of_bytes("CERTIFICATE REQUEST", junk, sizeof junk));
    piece_add("public-key", pem_of_bytes("PUBLIC KEY", junk, sizeof junk));
    unsigned char *der = NULL;
    int n = i2d_X509(fixture.middle, &der);
    must(n > 0 && (der = OPENSSL_realloc(der, (size_t)n + 1)), "memory");
    der[n] = 0;
    piece_add("longer-middle", pem_of_bytes("CERTIFICATE", der, n + 1));
    OPENSSL_free(der);
}

void cert_fixture_init(void)
{
    authorities_make();
    sound_pieces_make();
    pairs_make();
    locked_keys_make();
    odd_leaves_make();
    damaged_pieces_make();
}

void cert_fixture_fini(void)
{
    for (size_t i = 0; i < fixture.n; i++)
        free(fixture.pieces[i].text);
    X509_free(fixture.root);
    X509_free(fixture.middle);
    EVP_PKEY_free(fixture.root_key);
    EVP_PKEY_free(fixture.middle_key);
    EVP_PKEY_free(fixture.leaf_key);
    memset(&fixture, 0, sizeof fixture);
}
