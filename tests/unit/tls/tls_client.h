/* tls_client: a TLS client of OpenSSL's whose every wire byte passes through the test's hands: it
 * says something when the test pushes, and hears when the test pulls. Nothing is verified. */
#ifndef SLUICE_TESTS_TLS_CLIENT_H
#define SLUICE_TESTS_TLS_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

struct tls_client {
    SSL_CTX *ctx;
    SSL *ssl;
    int fd;    /* the test's own */
    int alert; /* the last one that came: level << 8 | description; 0: none */
    bool fin;  /* the server's stream has ended */
    unsigned n_tickets;
};

/* 0 and NULL: as OpenSSL likes it. */
struct tls_client_plan {
    const char *sni;
    int version;
    const char *signatures, *ciphers, *groups;
    SSL_SESSION *session;
};

static inline void tls_client_on_alert(const SSL *ssl, int where, int alert)
{
    struct tls_client *c = SSL_get_app_data(ssl);
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
        c->alert = alert;
}

static inline int tls_client_on_ticket(SSL *ssl, SSL_SESSION *session)
{
    struct tls_client *c = SSL_get_app_data(ssl);
    (void)session;
    c->n_tickets++;
    return 0; /* OpenSSL keeps the reference */
}

static inline void tls_client_open(struct tls_client *c, int fd, const struct tls_client_plan *plan)
{
    *c = (struct tls_client){.ctx = SSL_CTX_new(TLS_client_method()), .fd = fd};
    assert_non_null(c->ctx);
    assert_int_equal(SSL_CTX_set_min_proto_version(c->ctx, plan->version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(c->ctx, plan->version), 1);
    SSL_CTX_set_security_level(c->ctx, 0); /* may offer what the server must refuse */
    SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(c->ctx, tls_client_on_ticket);
    c->ssl = SSL_new(c->ctx);
    assert_non_null(c->ssl);
    SSL_set_bio(c->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    BIO_set_mem_eof_return(SSL_get_rbio(c->ssl), -1);
    SSL_set_connect_state(c->ssl);
    SSL_set_app_data(c->ssl, c);
    SSL_set_info_callback(c->ssl, tls_client_on_alert);
    if (plan->sni)
        assert_int_equal(SSL_set_tlsext_host_name(c->ssl, plan->sni), 1);
    if (plan->signatures)
        assert_int_equal(SSL_set1_sigalgs_list(c->ssl, plan->signatures), 1);
    if (plan->ciphers)
        assert_int_equal(SSL_set_cipher_list(c->ssl, plan->ciphers), 1);
    if (plan->groups)
        assert_int_equal(SSL_set1_groups_list(c->ssl, plan->groups), 1);
    if (plan->session)
        assert_int_equal(SSL_set_session(c->ssl, plan->session), 1);
}

static inline void tls_client_close(struct tls_client *c)
{
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
    c->ssl = NULL;
    c->ctx = NULL;
    ERR_clear_error();
}

/* At most n bytes of what it has to say go to the server; how many did. */
static inline size_t tls_client_push(struct tls_client *c, size_t n)
{
    char bytes[16384];
    size_t sent = 0;
    while (sent < n) {
        size_t want = n - sent < sizeof bytes ? n - sent : sizeof bytes;
        int have = BIO_read(SSL_get_wbio(c->ssl), bytes, (int)want);
        if (have <= 0)
            break;
        assert_int_equal(write(c->fd, bytes, (size_t)have), have);
        sent += (size_t)have;
    }
    return sent;
}

static inline size_t tls_client_push_all(struct tls_client *c)
{
    return tls_client_push(c, SIZE_MAX);
}

/* What the server has sent is given to it. */
static inline void tls_client_pull(struct tls_client *c)
{
    char bytes[16384];
    ssize_t n;
    while ((n = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        assert_int_equal(BIO_write(SSL_get_rbio(c->ssl), bytes, (int)n), n);
    c->fin = n == 0;
}

/* Goes on with the handshake; true when it is complete, seen from here. */
static inline bool tls_client_handshake(struct tls_client *c)
{
    ERR_clear_error();
    tls_client_pull(c);
    int r = SSL_do_handshake(c->ssl);
    ERR_clear_error();
    return r == 1;
}

/* Encrypts n bytes; they wait for a push. */
static inline void tls_client_say(struct tls_client *c, const void *bytes, size_t n)
{
    size_t done;
    ERR_clear_error();
    assert_int_equal(SSL_write_ex(c->ssl, bytes, n, &done), 1);
    assert_int_equal(done, n);
}

/* Reads up to n plain bytes of what came; how many there were. */
static inline size_t tls_client_hear(struct tls_client *c, void *bytes, size_t n)
{
    size_t have = 0, k;
    ERR_clear_error();
    tls_client_pull(c);
    while (have < n && SSL_read_ex(c->ssl, (char *)bytes + have, n - have, &k) == 1)
        have += k;
    ERR_clear_error();
    return have;
}

/* Whether the server has ended its direction by a close_notify. */
static inline bool tls_client_heard_the_end(struct tls_client *c)
{
    char byte;
    assert_int_equal(tls_client_hear(c, &byte, 1), 0);
    return c->alert == (SSL3_AL_WARNING << 8 | SSL_AD_CLOSE_NOTIFY);
}

#endif
