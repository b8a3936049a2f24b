/* What a certificate file may be, and what is refused with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/ui.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cert_fixture.h"
#include "tls/cert_objects.h"
#include "tls/cert_record.h"
#include "tls/libctx.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SOMEBODY 4242

static struct {
    char dir[32], path[64];
    struct libctx *libctx;
    UI_METHOD *ui;
    int prompts;
} test;

/* -- helpers -- */

static void file_write(const void *p, size_t n, mode_t mode)
{
    unlink(test.path);
    FILE *f = fopen(test.path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(test.path, mode), 0);
}

/* Whatever the outcome: no error stays behind for the next user of this thread's queue (F15). */
static int load_path(const char *path, uid_t owner, struct cert_record **ret_record, struct err *e)
{
    *ret_record = NULL;
    *e = (struct err){.context = "untouched"};
    int rc = cert_record_load(path, owner, ret_record, e);
    assert_int_equal(ERR_peek_error(), 0);
    if (rc == 0) {
        assert_non_null(*ret_record);
        assert_string_equal(e->context, "untouched");
    } else {
        assert_int_equal(rc, -1);
        assert_null(*ret_record);
        assert_int_not_equal(e->code, ERR_NONE);
    }
    return rc;
}

static struct cert_record *load(const char *text)
{
    struct cert_record *record;
    struct err e;
    file_write(text, strlen(text), 0600);
    if (load_path(test.path, geteuid(), &record, &e) < 0)
        fail_msg("refused: %s", e.context);
    return record;
}

static struct cert_record *load_pieces(const char *names)
{
    char *text = cert_fixture_text(names);
    struct cert_record *record = load(text);
    free(text);
    return record;
}

static struct cert_record *load_plan(struct cert_plan plan)
{
    char *text = cert_fixture_make(&plan);
    struct cert_record *record = load(text);
    free(text);
    return record;
}

static void refuses_path(const char *path, uid_t owner, const char *words)
{
    struct cert_record *record;
    struct err e;
    if (load_path(path, owner, &record, &e) == 0)
        fail_msg("accepted, though: %s", words);
    if (!strstr(e.context, words))
        fail_msg("said \"%s\" instead of \"%s\"", e.context, words);
}

static void refuses_bytes(const void *p, size_t n, const char *words)
{
    file_write(p, n, 0600);
    refuses_path(test.path, geteuid(), words);
}

/* -- what is accepted -- */

static void load_takes_the_blocks_in_any_order(void **state)
{
    (void)state;
    static const struct {
        const char *pieces;
        size_t n_chain;
        int key_type;
    } rows[] = {
        {"leaf leaf-key", 0, EVP_PKEY_EC},
        {"leaf-key leaf", 0, EVP_PKEY_EC},
        {"leaf middle leaf-key", 1, EVP_PKEY_EC},
        {"leaf-key leaf middle", 1, EVP_PKEY_EC},
        {"leaf leaf-key middle", 1, EVP_PKEY_EC},
        {"leaf leaf-key-old", 0, EVP_PKEY_EC},
        {"ec-parameters leaf-key-old leaf", 0, EVP_PKEY_EC},
        {"comment leaf comment leaf-key comment", 0, EVP_PKEY_EC},
        {"rsa-2048-cert middle rsa-2048-key", 1, EVP_PKEY_RSA},
        {"ed25519-cert middle ed25519-key", 1, EVP_PKEY_ED25519},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cert_record *record = load_pieces(rows[i].pieces);
        assert_int_equal(record->n_chain, rows[i].n_chain);
        assert_int_equal(record->key_type, rows[i].key_type);
        assert_string_equal(record->path, test.path);
        cert_record_unref(record);
    }
}

static void load_takes_line_ends_of_any_kind(void **state)
{
    (void)state;
    char *unix_text = cert_fixture_text("leaf middle leaf-key");
    char *dos_text = calloc(2, strlen(unix_text) + 1);
    assert_non_null(dos_text);
    for (char *from = unix_text, *to = dos_text; *from; from++) {
        if (*from == '\n')
            *to++ = '\r';
        *to++ = *from;
    }
    struct cert_record *a = load(unix_text), *b = load(dos_text);
    assert_memory_equal(a->id, b->id, sizeof a->id);
    cert_record_unref(a);
    cert_record_unref(b);
    free(unix_text);
    free(dos_text);
}

static void load_drops_the_root_at_the_end(void **state)
{
    (void)state;
    struct cert_record *with = load_pieces("leaf middle root leaf-key");
    struct cert_record *without = load_pieces("leaf middle leaf-key");
    assert_int_equal(with->n_chain, 1);
    assert_memory_equal(with->id, without->id, sizeof with->id);
    cert_record_unref(with);
    cert_record_unref(without);
}

static void load_accepts_an_expired_certificate_F18(void **state)
{
    (void)state;
    struct cert_record *record = load_pieces("expired leaf-key");
    assert_int_equal(record->not_before_s, 1000000000);
    assert_int_equal(record->not_after_s, 1100000000);
    cert_record_unref(record);
}

static void load_reads_dates_beyond_2038(void **state)
{
    (void)state;
    struct cert_record *record = load_pieces("leaf leaf-key");
    assert_true(record->not_before_s == CERT_FIXTURE_FROM_S);
    assert_true(record->not_after_s == CERT_FIXTURE_TO_S);
    cert_record_unref(record);
}

static void objects_are_the_leaf_its_chain_and_its_key(void **state)
{
    (void)state;
    struct cert_record *record = load_pieces("leaf-key leaf middle root");
    struct cert_objects objects;
    struct err e;
    assert_int_equal(cert_objects_init(record, &objects, &e), 0);
    assert_int_equal(X509_check_private_key(objects.leaf, objects.key), 1);
    assert_int_equal(sk_X509_num(objects.chain), 1);
    X509 *middle = sk_X509_value(objects.chain, 0);
    assert_int_equal(X509_verify(objects.leaf, X509_get0_pubkey(middle)), 1);
    cert_objects_fini(&objects);
    cert_record_unref(record);
}

/* -- what is refused -- */

/* F16; F3's rule for any file of certificates: an error is an error, never an empty set. */
static void load_refuses_and_says_why_F16(void **state)
{
    (void)state;
    static const struct {
        const char *pieces, *words;
    } rows[] = {
        {"", "empty"},
        {"words", "neither a certificate nor a private key"},
        {"ec-parameters", "neither a certificate nor a private key"},
        {"leaf-key", "no certificate in it"},
        {"leaf middle", "no private key in it"},
        {"leaf leaf-key leaf-key", "two private keys"},
        {"leaf leaf-key other-key", "two private keys"},
        {"leaf other-key", "does not belong to the certificate (the first one in the file is for "
                           "www.example.org)"},
        {"leaf rsa-2048-key", "does not belong to the certificate"},
        {"middle leaf leaf-key", "belongs to certificate 2 in the file: put that one first"},
        {"leaf encrypted-key", "encrypted: write it without a passphrase"},
        {"leaf encrypted-key-old", "encrypted: write it without a passphrase"},
        {"leaf disguised-key", "the private key cannot be read"},
        {"leaf junk-key", "the private key cannot be read"},
        {"junk-cert leaf-key", "certificate 1 in the file cannot be read"},
        {"leaf junk-cert leaf-key", "certificate 2 in the file cannot be read"},
        {"leaf longer-middle leaf-key", "certificate 2 in the file cannot be read"},
        {"leaf root middle leaf-key", "certificate 2 in the file did not sign certificate 1"},
        {"leaf root leaf-key", "certificate 2 in the file did not sign certificate 1"},
        {"leaf middle other-cert leaf-key", "certificate 3 in the file did not sign certificate 2"},
        {"leaf renamed-middle leaf-key", "certificate 2 in the file did not sign certificate 1"},
        {"leaf false-middle leaf-key", "certificate 2 in the file did not sign certificate 1"},
        {"leaf leaf middle leaf-key", "certificates 1 and 2 in the file are the same"},
        {"rsa-1024-cert rsa-1024-key", "certificate 1 in the file has an RSA key of 1024 bits"},
        {"p-192-cert p-192-key", "certificate 1 in the file has too small a key"},
        {"x25519-cert x25519-key", "has a key that TLS cannot use"},
        {"sha1-leaf leaf-key", "certificate 1 in the file is signed in a way that clients refuse"},
        {"leaf-key leaf cut-middle", "damaged: of its blocks only 2 can be read"},
        {"leaf-key leaf cut-begin", "damaged: of its blocks only 2 can be read"},
        {"leaf-key leaf no-dash-middle", "damaged: of its blocks only 2 can be read"},
        {"leaf-key leaf wrong-end", "damaged: of its blocks only 2 can be read"},
        {"leaf-key leaf bad-base64", "damaged: of its blocks only 2 can be read"},
        {"leaf leaf-key request", "block 3 is neither a certificate nor a private key"},
        {"leaf public-key", "block 2 is neither a certificate nor a private key"},
        {"leaf middle middle middle middle middle middle middle middle middle middle middle "
         "middle middle middle middle leaf-key",
            "certificates 2 and 3 in the file are the same"},
        {"leaf middle middle middle middle middle middle middle middle middle middle middle "
         "middle middle middle middle middle leaf-key",
            "more than 16 certificates"},
        {"nul-in-name leaf-key", "has a DNS name that is none"},
        {"line-end-in-name leaf-key", "has a DNS name that is none"},
        {"long-address leaf-key", "has an IP address of 5 bytes"},
        {"broken-names leaf-key", "alternative names cannot be read"},
        {"names-twice leaf-key", "alternative names cannot be read"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = cert_fixture_text(rows[i].pieces);
        refuses_bytes(text, strlen(text), rows[i].words);
        free(text);
    }
    assert_int_equal(test.prompts, 0);
}

static void load_refuses_what_is_no_text(void **state)
{
    (void)state;
    char *text = cert_fixture_text("leaf leaf-key");
    size_t n = strlen(text) + 1; /* with its NUL */
    refuses_bytes(text, n, "NUL bytes");
    free(text);
}

static void load_refuses_more_than_1_mib(void **state)
{
    (void)state;
    char *big = malloc(2 << 20);
    assert_non_null(big);
    memset(big, '\n', 2 << 20);
    refuses_bytes(big, 2 << 20, "larger than 1 MiB");
    free(big);
}

static void load_blames_only_this_file_F15(void **state)
{
    (void)state;
    ERR_raise(ERR_LIB_SSL, ERR_R_MALLOC_FAILURE); /* left behind by somebody */
    refuses_bytes("", 0, "empty");
    ERR_raise(ERR_LIB_SSL, ERR_R_MALLOC_FAILURE);
    refuses_bytes("x\n", 2, "neither a certificate nor a private key");
    ERR_raise(ERR_LIB_SSL, ERR_R_MALLOC_FAILURE);
    cert_record_unref(load_pieces("leaf leaf-key"));
}

/* -- what the file is -- */

static void load_judges_the_mode_F17(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        const char *words; /* NULL: accepted */
    } rows[] = {
        {0400, NULL},
        {0600, NULL},
        {0640, NULL},
        {0660, NULL},
        {0644, "open to others (mode 0644): chmod 640 it"},
        {0604, "open to others (mode 0604): chmod 600 it"},
        {0602, "open to others (mode 0602): chmod 600 it"},
        {0601, "open to others (mode 0601): chmod 600 it"},
        {0777, "open to others (mode 0777): chmod 770 it"},
    };
    char *text = cert_fixture_text("leaf leaf-key");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cert_record *record;
        struct err e;
        file_write(text, strlen(text), rows[i].mode);
        if (rows[i].words) {
            refuses_path(test.path, geteuid(), rows[i].words);
            continue;
        }
        assert_int_equal(load_path(test.path, geteuid(), &record, &e), 0);
        cert_record_unref(record);
    }
    free(text);
}

/* As root the file is given away; otherwise it is ours and the owner asked for is somebody else. */
static void load_refuses_a_foreign_owner_F17(void **state)
{
    (void)state;
    uid_t owner = geteuid() == 0 ? 0 : geteuid() + 1;
    char *text = cert_fixture_text("leaf leaf-key");
    file_write(text, strlen(text), 0600);
    free(text);
    if (geteuid() == 0)
        assert_int_equal(chown(test.path, SOMEBODY, (gid_t)-1), 0);
    refuses_path(test.path, owner, "who could exchange it: chown it");

    struct cert_record *record;
    struct err e;
    uid_t itself = geteuid() == 0 ? SOMEBODY : geteuid();
    assert_int_equal(load_path(test.path, itself, &record, &e), 0);
    cert_record_unref(record);
    if (geteuid() != 0)
        return;
    assert_int_equal(chown(test.path, 0, (gid_t)-1), 0); /* root may give keys to anybody */
    assert_int_equal(load_path(test.path, SOMEBODY, &record, &e), 0);
    cert_record_unref(record);
}

/* What counts is where the link leads: certificate renewers work with links. */
static void load_judges_the_target_of_a_link_F17(void **state)
{
    (void)state;
    char link[80];
    struct cert_record *record;
    struct err e;
    snprintf(link, sizeof link, "%s/link", test.dir);
    assert_int_equal(symlink(test.path, link), 0);
    cert_record_unref(load_pieces("leaf leaf-key"));
    assert_int_equal(load_path(link, geteuid(), &record, &e), 0);
    cert_record_unref(record);
    assert_int_equal(chmod(test.path, 0644), 0);
    refuses_path(link, geteuid(), "mode 0644");
    unlink(link);
}

static void load_refuses_what_is_no_file_F17(void **state)
{
    (void)state;
    refuses_path(test.dir, geteuid(), "a directory, not a file");
    refuses_path("/dev/null", geteuid(), "a pipe or a device, not a file");
    unlink(test.path);
    refuses_path(test.path, geteuid(), "cannot open it: No such file");
    assert_int_equal(mkfifo(test.path, 0600), 0); /* nobody writes: must not wait */
    refuses_path(test.path, geteuid(), "a pipe or a device, not a file");
}

/* -- names -- */

static void names_are_those_of_the_alternative_names_in_lower_case(void **state)
{
    (void)state;
    struct cert_record *record = load_plan((struct cert_plan){.common_name = "cn.example.org",
        .subject_alt_names = "DNS:WWW.Example.ORG,DNS:*.Example.org,IP:192.0.2.1,"
                             "IP:2001:DB8::1,email:a@example.org,URI:https://example.org/"});
    static const char *const names[] = {
        "www.example.org", "*.example.org", "192.0.2.1", "2001:db8::1"};
    assert_int_equal(record->n_names, COUNT(names));
    for (size_t i = 0; i < COUNT(names); i++)
        assert_string_equal(record->names[i], names[i]);
    cert_record_unref(record);
}

static void names_are_the_common_name_only_without_alternative_names(void **state)
{
    (void)state;
    struct cert_record *record = load_plan((struct cert_plan){.common_name = "CN.example.org"});
    assert_int_equal(record->n_names, 1);
    assert_string_equal(record->names[0], "cn.example.org");
    cert_record_unref(record);

    record = load_plan((struct cert_plan){
        .common_name = "cn.example.org", .subject_alt_names = "email:a@example.org"});
    assert_int_equal(record->n_names, 0);
    cert_record_unref(record);
}

static void names_may_be_none(void **state)
{
    (void)state;
    static const struct cert_plan plans[] = {
        {.common_name = "Our test server"}, {.common_name = NULL}};
    for (size_t i = 0; i < COUNT(plans); i++) {
        struct cert_record *record = load_plan(plans[i]);
        assert_int_equal(record->n_names, 0);
        assert_false(cert_record_has_name(record, "our test server"));
        cert_record_unref(record);
    }
}

static void name_matches_as_rfc_6125_says(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *name;
        bool matches;
    } rows[] = {
        {"example.org", "example.org", true},
        {"example.org", "www.example.org", false},
        {"www.example.org", "example.org", false},
        {"example.org", "example.or", false},
        {"example.org", "example.orgs", false},
        {"example.org", "", false},
        {"*.example.org", "www.example.org", true},
        {"*.example.org", "xn--bcher-kva.example.org", true},
        {"*.example.org", "example.org", false},
        {"*.example.org", ".example.org", false},
        {"*.example.org", "a.b.example.org", false},
        {"*.example.org", "www.example.com", false},
        {"*.example.org", "wwwexample.org", false},
        {"*.example.org", "www.example.org.", false},
        {"*", "example", false},
        {"*", "example.org", false},
        {"w*.example.org", "www.example.org", false},
        {"*w.example.org", "www.example.org", false},
        {"www.*.org", "www.example.org", false},
        {"*.*.org", "www.example.org", false},
        {"192.0.2.1", "192.0.2.1", true},
        {"2001:db8::1", "2001:db8::1", true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char pattern[32];
        snprintf(pattern, sizeof pattern, "%s", rows[i].pattern);
        char other[] = "other.example", *names[] = {other, pattern};
        struct cert_record record = {.names = names, .n_names = COUNT(names)};
        if (cert_record_has_name(&record, rows[i].name) != rows[i].matches)
            fail_msg("%s and %s", rows[i].pattern, rows[i].name);
    }
}

static void exact_name_matches_better_than_a_wildcard(void **state)
{
    (void)state;
    char wild[] = "*.example.org", exact[] = "www.example.org";
    char *both_ways[][2] = {{wild, exact}, {exact, wild}};
    for (size_t i = 0; i < COUNT(both_ways); i++) {
        struct cert_record record = {.names = both_ways[i], .n_names = 2};
        assert_int_equal(cert_record_match(&record, "www.example.org"), CERT_MATCH_EXACT);
        assert_int_equal(cert_record_match(&record, "ftp.example.org"), CERT_MATCH_WILDCARD);
        assert_int_equal(cert_record_match(&record, "example.org"), CERT_MATCH_NONE);
    }
}

/* -- id and references -- */

static void id_is_equal_for_equal_bytes_only(void **state)
{
    (void)state;
    struct cert_record *a = load_pieces("leaf middle leaf-key");
    struct cert_record *same = load_pieces("comment leaf-key leaf comment middle");
    assert_memory_equal(a->id, same->id, sizeof a->id);
    static const char *const others[] = {
        "leaf leaf-key", "leaf middle leaf-key-old", "expired middle leaf-key"};
    for (size_t i = 0; i < COUNT(others); i++) {
        struct cert_record *other = load_pieces(others[i]);
        assert_memory_not_equal(a->id, other->id, sizeof a->id);
        cert_record_unref(other);
    }
    cert_record_unref(a);
    cert_record_unref(same);
}

static void record_lives_until_its_last_reference(void **state)
{
    (void)state;
    struct cert_record *record = load_pieces("leaf leaf-key");
    assert_ptr_equal(cert_record_ref(record), record);
    cert_record_unref(record);
    assert_true(cert_record_has_name(record, "www.example.org"));
    cert_record_unref(record);
    cert_record_unref(NULL);
}

/* -- self-signed -- */

static struct cert_record *self_signed(int64_t now_s)
{
    struct cert_record *record;
    struct err e;
    assert_int_equal(cert_record_self_signed(now_s, &record, &e), 0);
    assert_int_equal(ERR_peek_error(), 0);
    return record;
}

static void self_signed_is_for_this_machine_and_a_year(void **state)
{
    (void)state;
    struct cert_record *record = self_signed(1800000000);
    assert_string_equal(record->path, "self-signed");
    assert_int_equal(record->key_type, EVP_PKEY_EC);
    assert_int_equal(record->n_chain, 0);
    assert_true(record->not_before_s == 1800000000);
    assert_true(record->not_after_s == 1800000000 + INT64_C(31536000));
    assert_int_equal(record->n_names, 3);
    assert_true(cert_record_has_name(record, "localhost"));
    assert_true(cert_record_has_name(record, "127.0.0.1"));
    assert_true(cert_record_has_name(record, "::1"));
    cert_record_unref(record);
}

/* Browsers refuse two certificates of one issuer with one serial number. */
static void self_signed_has_another_number_each_time(void **state)
{
    (void)state;
    struct cert_objects objects[2];
    for (int i = 0; i < 2; i++) {
        struct cert_record *record = self_signed(1800000000);
        struct err e;
        assert_int_equal(cert_objects_init(record, &objects[i], &e), 0);
        cert_record_unref(record);
    }
    assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(objects[0].leaf),
                             X509_get0_serialNumber(objects[1].leaf)),
        0);
    assert_int_not_equal(EVP_PKEY_eq(objects[0].key, objects[1].key), 1);
    cert_objects_fini(&objects[0]);
    cert_objects_fini(&objects[1]);
}

/* A client that was given the certificate as its only CA believes it. */
static void self_signed_verifies_against_itself(void **state)
{
    (void)state;
    struct cert_record *record = self_signed(time(NULL));
    struct cert_objects objects;
    struct err e;
    assert_int_equal(cert_objects_init(record, &objects, &e), 0);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *verify = X509_STORE_CTX_new();
    assert_int_equal(X509_STORE_add_cert(store, objects.leaf), 1);
    assert_int_equal(X509_STORE_CTX_init(verify, store, objects.leaf, NULL), 1);
    assert_int_equal(X509_STORE_CTX_set_default(verify, "ssl_server"), 1);
    assert_int_equal(
        X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(verify), "localhost", 0), 1);
    int ok = X509_verify_cert(verify);
    assert_string_equal(X509_verify_cert_error_string(X509_STORE_CTX_get_error(verify)), "ok");
    assert_int_equal(ok, 1);
    X509_STORE_CTX_free(verify);
    X509_STORE_free(store);
    cert_objects_fini(&objects);
    cert_record_unref(record);
}

/* -- around all tests -- */

static int on_prompt(UI *ui)
{
    (void)ui;
    test.prompts++;
    return 0;
}

static int group_setup(void **state)
{
    (void)state;
    struct err e;
    snprintf(test.dir, sizeof test.dir, "/tmp/test_cert_record.XXXXXX");
    if (libctx_process_init(&e) < 0 || !(test.libctx = libctx_enter(&e)) || !mkdtemp(test.dir))
        return -1;
    snprintf(test.path, sizeof test.path, "%s/cert.pem", test.dir);
    test.ui = UI_create_method("counts prompts");
    UI_method_set_opener(test.ui, on_prompt);
    UI_set_default_method(test.ui);
    cert_fixture_init();
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    cert_fixture_fini();
    unlink(test.path);
    UI_set_default_method(UI_null());
    UI_destroy_method(test.ui);
    libctx_leave(test.libctx);
    libctx_process_fini();
    return rmdir(test.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_takes_the_blocks_in_any_order),
        cmocka_unit_test(load_takes_line_ends_of_any_kind),
        cmocka_unit_test(load_drops_the_root_at_the_end),
        cmocka_unit_test(load_accepts_an_expired_certificate_F18),
        cmocka_unit_test(load_reads_dates_beyond_2038),
        cmocka_unit_test(objects_are_the_leaf_its_chain_and_its_key),
        cmocka_unit_test(load_refuses_and_says_why_F16),
        cmocka_unit_test(load_refuses_what_is_no_text),
        cmocka_unit_test(load_refuses_more_than_1_mib),
        cmocka_unit_test(load_blames_only_this_file_F15),
        cmocka_unit_test(load_judges_the_mode_F17),
        cmocka_unit_test(load_refuses_a_foreign_owner_F17),
        cmocka_unit_test(load_judges_the_target_of_a_link_F17),
        cmocka_unit_test(load_refuses_what_is_no_file_F17),
        cmocka_unit_test(names_are_those_of_the_alternative_names_in_lower_case),
        cmocka_unit_test(names_are_the_common_name_only_without_alternative_names),
        cmocka_unit_test(names_may_be_none),
        cmocka_unit_test(name_matches_as_rfc_6125_says),
        cmocka_unit_test(exact_name_matches_better_than_a_wildcard),
        cmocka_unit_test(id_is_equal_for_equal_bytes_only),
        cmocka_unit_test(record_lives_until_its_last_reference),
        cmocka_unit_test(self_signed_is_for_this_machine_and_a_year),
        cmocka_unit_test(self_signed_has_another_number_each_time),
        cmocka_unit_test(self_signed_verifies_against_itself),
    };
    return cmocka_run_group_tests_name("cert_record", tests, group_setup, group_teardown);
}
