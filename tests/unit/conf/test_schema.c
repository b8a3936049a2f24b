/* The table itself: whole, consistent, and the language of the contract. */
#include "recorder.h"

#include "conf/conf.h"
#include "conf/schema.h"
#include "conf/values.h"

static void every_built_in_value_is_a_value(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const struct schema_key *key = &schema_keys[i];
        union value value;
        struct err err;
        if (!key->fallback || key->list)
            continue;
        if (value_parse(key, key->fallback, &arena, &value, &err))
            fail_msg("%s: %s", key->name, err.context);
    }
    arena_fini(&arena);
}

static void every_row_explains_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const struct schema_key *key = &schema_keys[i];
        assert_true(strlen(key->help) > 20);
        assert_int_equal(key->help[strlen(key->help) - 1], '.');
        assert_true(key->in != 0);
        assert_true(strlen(key->name) <= NAME_BYTES_MAX);
        assert_true(key->type != TYPE_WORD || key->words);
    }
    for (const struct schema_later *later = schema_later; later->name; later++)
        assert_true(strlen(later->help) > 10 && later->in);
}

static void no_section_knows_a_key_twice(void **state)
{
    (void)state;
    for (size_t id = 0; id < SECTION_COUNT; id++) {
        unsigned in = 1u << id;
        for (size_t i = 0; i < KEY_COUNT; i++) {
            if (!(schema_keys[i].in & in))
                continue;
            assert_ptr_equal(schema_find_key(schema_keys[i].name, in), &schema_keys[i]);
            assert_null(schema_find_later(schema_keys[i].name, in));
        }
        for (const struct schema_later *later = schema_later; later->name; later++)
            if (later->in & in)
                assert_ptr_equal(schema_find_later(later->name, in), later);
    }
}

/* [defaults] holds what has a default; of the look-up, and of config.md. */
static void defaults_takes_keys_with_a_default_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (schema_keys[i].in & IN_DEFAULTS)
            assert_non_null(schema_keys[i].fallback);
}

static void assert_known(unsigned in, const char *names)
{
    size_t len = 0;
    for (const char *w = NULL; (w = schema_next_word(&names, &len));) {
        char name[64];
        snprintf(name, sizeof(name), "%.*s", (int)len, w);
        if (!schema_find_key(name, in) && !schema_find_later(name, in))
            fail_msg("no row for %s", name);
    }
}

static void the_whole_language_has_rows(void **state)
{
    (void)state;
    assert_known(IN_GLOBAL, "user threads max-connections memory-limit log log-level access-log "
                            "access-format shutdown-grace control-socket include");
    assert_known(IN_ADMIN, "listen");
    assert_known(IN_DEFAULTS, "connect-timeout idle-timeout half-close-timeout handshake-timeout "
                              "header-timeout body-timeout answer-timeout keepalive-timeout buffer "
                              "write-timeout");
    assert_known(IN_FRONTEND,
        "listen mode tls tls-profile tls-ciphersuites tls-ciphers tls-groups tls-min tls-max "
        "certificate certificate-dir certificate-default alpn tickets client-auth client-ca "
        "client-crl proxy-from conn-rate conn-limit allow-from deny-from pool");
    assert_known(IN_ROUTE,
        "frontend sni alpn allow-from allow-client pool otherwise client-auth client-ca client-crl "
        "tls-profile tls host path method redirect set-header add-header del-header "
        "set-response-header");
    assert_known(IN_POOL,
        "balance server servers-file retry-on retry-max retry-backoff retry-budget hedge-after "
        "check check-interval check-fall check-rise eject-after eject-max all-down slow-start "
        "queue drain-timeout send-proxy source keepalive tls tls-name tls-ca tls-certificate "
        "tls-verify connect-timeout");
    assert_known(IN_SERVER, "address tls");
}

static void assert_word(enum schema_key_id id, const char *word, int value)
{
    assert_int_equal(schema_word_index(schema_keys[id].words, word), value);
}

static void words_have_the_order_of_their_enums(void **state)
{
    (void)state;
    assert_word(KEY_LOG_LEVEL, "error", LOG_LEVEL_ERROR);
    assert_word(KEY_LOG_LEVEL, "warning", LOG_LEVEL_WARNING);
    assert_word(KEY_LOG_LEVEL, "info", LOG_LEVEL_INFO);
    assert_word(KEY_LOG_LEVEL, "debug", LOG_LEVEL_DEBUG);
    assert_word(KEY_ACCESS_FORMAT, "logfmt", CONF_ACCESS_LOGFMT);
    assert_word(KEY_ACCESS_FORMAT, "json", CONF_ACCESS_JSON);
    assert_word(KEY_FRONTEND_TLS, "terminate", CONF_TLS_TERMINATE);
    assert_word(KEY_FRONTEND_TLS, "off", CONF_TLS_OFF);
    assert_word(KEY_BALANCE, "round-robin", CONF_BALANCE_ROUND_ROBIN);
    assert_word(KEY_BALANCE, "least-conn", CONF_BALANCE_LEAST_CONN);
    assert_int_equal(
        1u << schema_word_index(schema_keys[KEY_RETRY_ON].words, "connect"), CONF_RETRY_CONNECT);
    assert_int_equal(
        1u << schema_word_index(schema_keys[KEY_RETRY_ON].words, "tls"), CONF_RETRY_TLS);
}

static void words_are_found_whole(void **state)
{
    (void)state;
    assert_int_equal(schema_word_index("tcp http", "tcp"), 0);
    assert_int_equal(schema_word_index("tcp http", "http"), 1);
    assert_int_equal(schema_word_index("tcp http", "ht"), -1);
    assert_int_equal(schema_word_index("tcp http", ""), -1);
    assert_int_equal(schema_word_index("", "tcp"), -1);
}

static void backend_is_another_word_for_pool(void **state)
{
    (void)state;
    enum schema_section_id id = SECTION_COUNT;
    assert_true(schema_find_section("backend", &id));
    assert_int_equal(id, SECTION_POOL);
    assert_false(schema_find_section("pools", &id));
}

/* Words of other programs must not shadow ours, and must lead to a word that exists. */
static void foreign_words_lead_to_ours(void **state)
{
    (void)state;
    enum schema_section_id id;
    for (const struct schema_foreign *f = schema_foreign_keys; f->word; f++) {
        assert_null(schema_find_key(f->word, ~0u));
        assert_non_null(schema_find_key(f->ours, ~0u));
    }
    for (const struct schema_foreign *f = schema_foreign_sections; f->word; f++) {
        assert_false(schema_find_section(f->word, &id));
        assert_true(schema_find_section(f->ours, &id));
    }
}

static void ranges_are_shown_in_the_language(void **state)
{
    (void)state;
    char memory[64];
    struct text t;
    text_init(&t, memory, sizeof(memory));
    schema_format_range(&schema_keys[KEY_BUFFER], &t);
    text_puts(&t, ", ");
    schema_format_range(&schema_keys[KEY_CONNECT_TIMEOUT], &t);
    text_puts(&t, ", ");
    schema_format_range(&schema_keys[KEY_RETRY_BUDGET], &t);
    assert_string_equal(memory, "4k to 64k, 1ms to 1h, 0% to 100%");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_built_in_value_is_a_value),
        cmocka_unit_test(every_row_explains_itself),
        cmocka_unit_test(no_section_knows_a_key_twice),
        cmocka_unit_test(defaults_takes_keys_with_a_default_only),
        cmocka_unit_test(the_whole_language_has_rows),
        cmocka_unit_test(words_have_the_order_of_their_enums),
        cmocka_unit_test(words_are_found_whole),
        cmocka_unit_test(backend_is_another_word_for_pool),
        cmocka_unit_test(foreign_words_lead_to_ours),
        cmocka_unit_test(ranges_are_shown_in_the_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
