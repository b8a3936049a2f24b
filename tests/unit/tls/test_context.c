/* What a policy becomes: which certificate a client is shown, what is agreed with it, and where its
 * session can be resumed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/failing_mem.h"
#include "cert_fixture.h"
#include "tls/context.h"
#include "tls_client.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define RECORDS_MAX 4

static struct {
    char path[32];
    struct tls_thread *thread;
    struct cert_record *records[RECORDS_MAX];
    struct tls_policy policy;
    struct tls_context *context;
    struct err err;
} test;

/* ---- records and contexts ---- */

static struct cert_record *record_load(const char *text)
{
    struct cert_record *record;
    FILE *file = fopen(test.path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    if (cert_record_load(test.path, geteuid(), &record, &test.err) < 0)
        fail_msg("%s", test.err.context);
    return record;
}

/* For these names, with the first as its common name: how the tests below tell certificates apart.
 */
static void add_record(const char *common_name, const char *subject_alt_names)
{
    char *text = cert_fixture_make(
        &(struct cert_plan){.common_name = common_name, .subject_alt_names = subject_alt_names});
    test.records[test.policy.n_records++] = record_load(text);
    free(text);
}

static void add_pieces(const char *names)
{
    char *text = cert_fixture_text(names);
    test.records[test.policy.n_records++] = record_load(text);
    free(text);
}

static struct tls_context *make_context(void)
{
    struct tls_context *context = tls_context_new(test.thread, &test.policy, &test.err);
    if (!context)
        fail_msg("%s", test.err.context);
    return context;
}

static void use_policy(void)
{
    test.context = make_context();
}

static void set_secret(struct tls_policy *policy, const char *secret)
{
    assert_int_equal(tls_policy_set_ticket_keys(
                         policy, (const unsigned char *)secret, strlen(secret), &test.err),
        0);
}

static int set_up(void **state)
{
    (void)state;
    mem_fails_at(0);
    test.policy = (struct tls_policy){.name = "web", .records = test.records};
    test.context = NULL;
    set_secret(&test.policy, "secret");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mem_fails_at(0);
    tls_context_free(test.context);
    while (test.policy.n_records)
        cert_record_unref(test.records[--test.policy.n_records]);
    return list_is_empty(&test.thread->certs) ? 0 : -1;
}

/* ---- a handshake in memory ---- */

struct meeting {
    struct tls_client client;
    SSL *server;
    bool done;
};

static void meet(struct meeting *m, struct tls_context *context, const struct tls_client_plan *plan)
{
    BIO *ours, *theirs;
    tls_client_open(&m->client, -1, plan);
    assert_int_equal(BIO_new_bio_pair(&ours, 0, &theirs, 0), 1);
    m->server = SSL_new(context->ssl_ctx);
    assert_non_null(m->server);
    SSL_set_bio(m->server, ours, ours);
    SSL_set_bio(m->client.ssl, theirs, theirs);
    SSL_set_accept_state(m->server);
    int client = 0, server = 0;
    for (int round = 0; round < 10 && !(client == 1 && server == 1); round++) {
        client = SSL_do_handshake(m->client.ssl);
        server = SSL_do_handshake(m->server);
    }
    char byte;
    (void)SSL_read(m->client.ssl, &byte, 1); /* the ticket */
    m->done = client == 1 && server == 1;
    ERR_clear_error();
}

static void part(struct meeting *m)
{
    SSL_shutdown(m->client.ssl); /* else its session would not be resumable */
    SSL_free(m->server);
    tls_client_close(&m->client);
}

/* Who the client is shown, with which kind of key; "" when there is no handshake. */
static const char *shown_to(const struct tls_client_plan *plan, int *ret_key_type)
{
    static char name[64];
    struct meeting m;
    meet(&m, test.context, plan);
    X509 *cert = SSL_get0_peer_certificate(m.client.ssl);
    name[0] = '\0';
    if (m.done) {
        X509_NAME_get_text_by_NID(
            X509_get_subject_name(cert), NID_commonName, name, (int)sizeof name);
        *ret_key_type = EVP_PKEY_get_base_id(X509_get0_pubkey(cert));
    }
    part(&m);
    return name;
}

static void assert_shown(const char *sni, const char *common_name)
{
    int key_type;
    const char *shown = shown_to(&(struct tls_client_plan){.sni = sni}, &key_type);
    if (strcmp(shown, common_name) != 0)
        fail_msg("%s is shown \"%s\" instead of \"%s\"", sni ? sni : "nobody", shown, common_name);
}

/* ---- which certificate ---- */

static void certificate_is_chosen_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *sni, *common_name;
    } rows[] = {
        {"a.example.org", "a"},
        {"b.example.org", "b"},
        {"b2.example.org", "b"},
        {"B.Example.ORG", "b"},
        {"b.example.org.", "b"},
        {"x.wild.example.org", "wild"},
        {"wild.example.org", "a"},     /* the star stands for one label, */
        {"x.y.wild.example.org", "a"}, /* and for one only */
        {"nobody.example.org", "a"},   /* the first is the default */
        {"b.example.org..", "a"},
        {".", "a"},
        {NULL, "a"},
    };
    add_record("a", "DNS:a.example.org");
    add_record("b", "DNS:b.example.org,DNS:b2.example.org");
    add_record("wild", "DNS:*.wild.example.org");
    use_policy();
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_shown(rows[i].sni, rows[i].common_name);
}

static void exact_name_goes_before_a_wildcard(void **state)
{
    (void)state;
    add_record("default", "DNS:default.example.org");
    add_record("exact", "DNS:www.example.org");
    add_record("wild", "DNS:*.example.org");
    use_policy();
    assert_shown("www.example.org", "exact");
    assert_shown("other.example.org", "wild");
}

static void first_of_two_for_one_name_is_shown(void **state)
{
    (void)state;
    add_record("default", "DNS:default.example.org");
    add_record("first", "DNS:www.example.org");
    add_record("second", "DNS:www.example.org");
    use_policy();
    assert_shown("www.example.org", "first");
}

static void only_certificate_is_shown_to_everybody(void **state)
{
    (void)state;
    add_record("only", "DNS:www.example.org");
    use_policy();
    assert_shown("www.example.org", "only");
    assert_shown("other.example.org", "only");
    assert_shown(NULL, "only");
}

static void longest_name_that_a_client_can_send_is_looked_up(void **state)
{
    (void)state;
    char sni[256];
    memset(sni, 'x', 255);
    sni[255] = '\0';
    add_record("a", "DNS:a.example.org");
    add_record("b", "DNS:b.example.org");
    use_policy();
    assert_shown(sni, "a");
}

/* ---- which key ---- */

#define ECDSA "ecdsa_secp256r1_sha256"
#define RSA "rsa_pss_rsae_sha256:rsa_pkcs1_sha256"

static void key_is_chosen_by_the_signatures_that_the_client_knows(void **state)
{
    (void)state;
    static const struct {
        const char *sni, *signatures;
        int key_type;
    } rows[] = {
        {"www.example.org", RSA, EVP_PKEY_RSA},
        {"www.example.org", ECDSA, EVP_PKEY_EC},
        {"www.example.org", ECDSA ":" RSA, EVP_PKEY_EC},
        {NULL, RSA, EVP_PKEY_RSA}, /* the default has its companion too */
        {NULL, ECDSA, EVP_PKEY_EC},
    };
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    add_pieces("leaf middle leaf-key");
    add_pieces("rsa-2048-cert middle rsa-2048-key");
    use_policy();
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t v = 0; v < COUNT(versions); v++) {
            int key_type = 0;
            struct tls_client_plan plan = {
                .sni = rows[i].sni, .signatures = rows[i].signatures, .version = versions[v]};
            assert_string_equal(shown_to(&plan, &key_type), "leaf");
            assert_int_equal(key_type, rows[i].key_type);
        }
}

/* It would be a certificate for another name. */
static void key_of_another_name_does_not_stand_in(void **state)
{
    (void)state;
    int key_type;
    add_pieces("rsa-2048-cert middle rsa-2048-key"); /* the default: www.example.org */
    add_record("a", "DNS:a.example.org");            /* has ECDSA only */
    use_policy();
    struct tls_client_plan plan = {.sni = "a.example.org", .signatures = RSA};
    assert_string_equal(shown_to(&plan, &key_type), "");
    plan.sni = NULL;
    assert_string_equal(shown_to(&plan, &key_type), "leaf");
    plan.signatures = ECDSA; /* the default's companion is none of its names */
    assert_string_equal(shown_to(&plan, &key_type), "");
}

/* Nor is a wildcard of the other kind taken away by the exact name. */
static void wildcard_serves_who_cannot_verify_the_exact_one(void **state)
{
    (void)state;
    int key_type;
    add_record("default", "DNS:default.example.org");
    add_record("wild", "DNS:*.example.org");
    add_pieces("rsa-2048-cert middle rsa-2048-key");
    use_policy();
    struct tls_client_plan plan = {.sni = "www.example.org", .signatures = ECDSA};
    assert_string_equal(shown_to(&plan, &key_type), "wild");
    plan.signatures = RSA;
    assert_string_equal(shown_to(&plan, &key_type), "leaf");
}

static void chain_of_the_file_is_sent(void **state)
{
    (void)state;
    struct meeting m;
    add_pieces("leaf middle leaf-key");
    add_record("other", "DNS:other.example.org");
    use_policy();
    static const char *const names[] = {NULL, "www.example.org"};
    for (int i = 0; i < 2; i++) {
        meet(&m, test.context, &(struct tls_client_plan){.sni = names[i]});
        assert_int_equal(sk_X509_num(SSL_get_peer_cert_chain(m.client.ssl)), 2);
        part(&m);
    }
}

/* ---- what is agreed ---- */

static void ciphers_and_versions_are_the_intermediate_ones(void **state)
{
    (void)state;
    static const struct {
        int version;
        const char *offered, *agreed; /* NULL: nothing */
    } rows[] = {
        {TLS1_1_VERSION, "ALL:@SECLEVEL=0", NULL},
        {TLS1_2_VERSION, "ALL:@SECLEVEL=0", "ECDHE-ECDSA-AES128-GCM-SHA256"},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES128-GCM-SHA256"}, /* the server's order */
        {TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-CHACHA20-POLY1305"}, /* a client without AES in hardware */
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", NULL},
        {TLS1_2_VERSION, "AES128-GCM-SHA256", NULL},
        {TLS1_3_VERSION, NULL, "TLS_AES_128_GCM_SHA256"}, /* the client has AES-256 first */
    };
    add_record("only", "DNS:www.example.org");
    use_policy();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct meeting m;
        struct tls_client_plan plan = {.version = rows[i].version, .ciphers = rows[i].offered};
        meet(&m, test.context, &plan);
        assert_int_equal(m.done, rows[i].agreed != NULL);
        if (m.done)
            assert_string_equal(SSL_get_cipher_name(m.server), rows[i].agreed);
        part(&m);
    }
}

static void groups_are_the_intermediate_ones(void **state)
{
    (void)state;
    static const struct {
        int version;
        const char *offered;
        int agreed; /* 0: nothing */
    } rows[] = {
        {TLS1_2_VERSION, "P-256:X25519", NID_X25519}, /* the server's order */
        {TLS1_3_VERSION, "X25519", NID_X25519},
        {TLS1_3_VERSION, "P-256", NID_X9_62_prime256v1},
        {TLS1_3_VERSION, "P-384", NID_secp384r1},
        {TLS1_3_VERSION, "P-521", 0},
    };
    add_record("only", "DNS:www.example.org");
    use_policy();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct meeting m;
        struct tls_client_plan plan = {.version = rows[i].version, .groups = rows[i].offered};
        meet(&m, test.context, &plan);
        assert_int_equal(m.done, rows[i].agreed != 0);
        if (m.done)
            assert_int_equal(SSL_get_negotiated_group(m.server), rows[i].agreed);
        part(&m);
    }
}

static void renegotiation_is_refused_F9(void **state)
{
    (void)state;
    struct meeting m;
    char byte;
    add_record("only", "DNS:www.example.org");
    use_policy();
    meet(&m, test.context, &(struct tls_client_plan){.version = TLS1_2_VERSION});
    assert_int_equal(SSL_renegotiate(m.client.ssl), 1);
    assert_int_equal(SSL_do_handshake(m.client.ssl), -1);
    assert_int_equal(SSL_read(m.server, &byte, 1), -1);
    assert_int_equal(SSL_do_handshake(m.client.ssl), -1);
    assert_int_equal(m.client.alert & 0xff, SSL_AD_NO_RENEGOTIATION);
    part(&m);
}

/* ---- sessions ---- */

/* The session of a full handshake in this context. */
static SSL_SESSION *take_session(struct tls_context *context, int version)
{
    struct meeting m;
    meet(&m, context, &(struct tls_client_plan){.version = version});
    assert_true(m.done);
    assert_false(SSL_session_reused(m.server));
    SSL_SESSION *session = SSL_get1_session(m.client.ssl);
    assert_true(SSL_SESSION_is_resumable(session));
    part(&m);
    return session;
}

/* A session taken in one context and shown in the other. */
static bool is_resumed(struct tls_context *from, struct tls_context *to, int version)
{
    struct meeting m;
    SSL_SESSION *session = take_session(from, version);
    meet(&m, to, &(struct tls_client_plan){.version = version, .session = session});
    assert_true(m.done); /* at least in full */
    bool resumed = SSL_session_reused(m.server);
    part(&m);
    SSL_SESSION_free(session);
    return resumed;
}

static void session_is_resumed_on_every_worker_and_nowhere_else_F1(void **state)
{
    (void)state;
    static const struct {
        const char *name, *secret;
        bool resumes;
    } rows[] = {
        {"web", "secret", true},                              /* another worker, or a reload */
        {"mail", "secret", false}, {"web", "another", false}, /* another start of the program */
    };
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    add_record("only", "DNS:www.example.org");
    use_policy();
    for (size_t i = 0; i < COUNT(rows); i++) {
        test.policy.name = rows[i].name;
        set_secret(&test.policy, rows[i].secret);
        struct tls_context *other = make_context();
        for (size_t v = 0; v < COUNT(versions); v++)
            assert_int_equal(is_resumed(test.context, other, versions[v]), rows[i].resumes);
        tls_context_free(other);
    }
}

/* The keys alone must not decide: OpenSSL would resume under another policy's rules. */
static void equal_keys_do_not_join_two_policies_F1(void **state)
{
    (void)state;
    add_record("only", "DNS:www.example.org");
    use_policy();
    test.policy.name = "mail";
    struct tls_context *other = make_context();
    assert_false(is_resumed(test.context, other, TLS1_3_VERSION));
    tls_context_free(other);
}

static void sessions_are_kept_by_clients_only_F21(void **state)
{
    (void)state;
    add_record("only", "DNS:www.example.org");
    use_policy();
    SSL_SESSION_free(take_session(test.context, TLS1_2_VERSION));
    assert_int_equal(SSL_CTX_get_session_cache_mode(test.context->ssl_ctx), SSL_SESS_CACHE_OFF);
    assert_int_equal(SSL_CTX_sess_number(test.context->ssl_ctx), 0);
}

static void early_data_is_not_offered_F10(void **state)
{
    (void)state;
    add_record("only", "DNS:www.example.org");
    use_policy();
    SSL_SESSION *session = take_session(test.context, TLS1_3_VERSION);
    assert_int_equal(SSL_SESSION_get_max_early_data(session), 0);
    SSL_SESSION_free(session);
}

/* Each costs 20 us of ours, and a record. */
static void full_handshake_gives_one_ticket(void **state)
{
    (void)state;
    struct meeting m;
    add_record("only", "DNS:www.example.org");
    use_policy();
    meet(&m, test.context, &(struct tls_client_plan){.version = TLS1_3_VERSION});
    assert_int_equal(m.client.n_tickets, 1);
    part(&m);
}

/* ---- what it costs, and what can fail ---- */

static void certificate_is_made_once_for_all_contexts(void **state)
{
    (void)state;
    add_record("a", "DNS:a.example.org");
    add_record("b", "DNS:b.example.org");
    use_policy();
    struct tls_context *reloaded = make_context();
    assert_ptr_equal(reloaded->certs[0], test.context->certs[0]);
    assert_ptr_equal(reloaded->certs[1], test.context->certs[1]);
    tls_context_free(test.context);
    test.context = reloaded;
    assert_shown("b.example.org", "b"); /* the old one took nothing with it */
}

static void record_that_cannot_be_read_names_its_file(void **state)
{
    (void)state;
    unsigned char junk[] = {0x30, 0x03, 0x02, 0x01, 0x00};
    char path[] = "/etc/sluice/broken.pem";
    add_record("a", "DNS:a.example.org");
    struct cert_record *record = test.records[0], broken = {.refs = 9, .path = path};
    broken.leaf = (struct cert_der){junk, sizeof junk};
    broken.key = record->key;
    test.records[0] = &broken;
    assert_null(tls_context_new(test.thread, &test.policy, &test.err));
    test.records[0] = record;
    assert_int_equal(test.err.code, ERR_INPUT);
    assert_non_null(strstr(test.err.context, path));
    assert_int_equal(ERR_peek_error(), 0);
    assert_int_equal(broken.refs, 9);
}

static void context_without_memory_is_none(void **state)
{
    (void)state;
    unsigned n = 1;
    add_record("a", "DNS:a.example.org");
    add_record("b", "DNS:b.example.org");
    for (;; n++) {
        mem_fails_at(n);
        test.context = tls_context_new(test.thread, &test.policy, &test.err);
        if (test.context)
            break;
        assert_int_equal(test.err.code, ERR_MEMORY);
        assert_true(list_is_empty(&test.thread->certs));
    }
    assert_true(n > 3); /* itself, its table, two certificates */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int group_setup(void **state)
{
    (void)state;
    strcpy(test.path, "/tmp/sluice-context-XXXXXX");
    int fd = mkstemp(test.path);
    if (fd < 0 || close(fd) < 0 || libctx_process_init(&test.err) < 0)
        return -1;
    test.thread = tls_thread_new(&test.err);
    cert_fixture_init();
    return test.thread ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    cert_fixture_fini();
    tls_thread_free(test.thread);
    libctx_process_fini();
    return unlink(test.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(certificate_is_chosen_by_name),
        CASE(exact_name_goes_before_a_wildcard),
        CASE(first_of_two_for_one_name_is_shown),
        CASE(only_certificate_is_shown_to_everybody),
        CASE(longest_name_that_a_client_can_send_is_looked_up),
        CASE(key_is_chosen_by_the_signatures_that_the_client_knows),
        CASE(key_of_another_name_does_not_stand_in),
        CASE(wildcard_serves_who_cannot_verify_the_exact_one),
        CASE(chain_of_the_file_is_sent),
        CASE(ciphers_and_versions_are_the_intermediate_ones),
        CASE(groups_are_the_intermediate_ones),
        CASE(renegotiation_is_refused_F9),
        CASE(session_is_resumed_on_every_worker_and_nowhere_else_F1),
        CASE(equal_keys_do_not_join_two_policies_F1),
        CASE(sessions_are_kept_by_clients_only_F21),
        CASE(early_data_is_not_offered_F10),
        CASE(full_handshake_gives_one_ticket),
        CASE(certificate_is_made_once_for_all_contexts),
        CASE(record_that_cannot_be_read_names_its_file),
        CASE(context_without_memory_is_none),
    };
    return cmocka_run_group_tests_name("context", tests, group_setup, group_teardown);
}
