/* Any text as each kind of number and as an address. What is accepted prints as a text that is
 * accepted again and means the same; what is refused says why in one line. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/addr.h"
#include "base/units.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(const struct err *e)
{
    assert(e->code == ERR_INPUT);
    assert(e->context[0] != '\0');
    assert(strnlen(e->context, sizeof e->context) < sizeof e->context);
}

static void try_duration(const char *text)
{
    int64_t us, again;
    struct err e;
    char out[32];
    if (units_parse_duration(text, &us, &e) < 0) {
        check_message(&e);
        return;
    }
    assert(us >= 0);
    units_format_duration(us, out);
    assert(units_parse_duration(out, &again, &e) == 0 && again == us);
}

static void try_size(const char *text)
{
    uint64_t bytes, again;
    struct err e;
    char out[32];
    if (units_parse_size(text, &bytes, &e) < 0) {
        check_message(&e);
        return;
    }
    units_format_size(bytes, out);
    assert(units_parse_size(out, &again, &e) == 0 && again == bytes);
}

static void try_plain_numbers(const char *text)
{
    uint64_t n;
    unsigned percent;
    int on;
    struct err e;
    if (units_parse_count(text, &n, &e) < 0)
        check_message(&e);
    if (units_parse_percent(text, &percent, &e) < 0)
        check_message(&e);
    else
        assert(percent <= 100);
    if (units_parse_bool(text, &on, &e) < 0)
        check_message(&e);
    else
        assert(on == 0 || on == 1);
}

static void try_address(const char *text)
{
    struct addr addr, again, both[2];
    struct err e;
    size_t n;
    char out[ADDR_TEXT_MAX];
    if (addr_parse_listen(text, both, &n, &e) < 0)
        check_message(&e);
    else
        assert(n == 1 || n == 2);
    if (addr_parse_host(text, &addr, &e) < 0)
        check_message(&e);
    if (addr_parse(text, &addr, &e) < 0) {
        check_message(&e);
        return;
    }
    addr_format(&addr, out);
    assert(addr_parse(out, &again, &e) == 0 && addr_equal(&addr, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[512];
    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    try_duration(text);
    try_size(text);
    try_plain_numbers(text);
    try_address(text);
    return 0;
}
