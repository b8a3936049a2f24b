/* log_site: the rate limit of one place in the code, and the list of those that used it up. */
#include "base/log_site.h"

#include <stdatomic.h>
#include <string.h>

#define SITE_LINES 10
#define SITE_WINDOW_US US_PER_S

static _Atomic(struct log_site *) first_site;

/* True for the thread that listed it, once. What the list's readers look at is written before they
 * can find it. */
static bool list_once(struct log_site *site, enum log_level level, const char *format)
{
    if (atomic_exchange_explicit(&site->is_listed, true, memory_order_relaxed))
        return false;
    site->level = level;
    site->format = format;
    site->next = atomic_load(&first_site);
    while (!atomic_compare_exchange_weak(&first_site, &site->next, site))
        continue;
    return true;
}

/* The count may be off by the few lines that other threads log in the instant when a window opens.
 */
enum log_verdict log_site_judge(
    struct log_site *site, mono_us now, enum log_level level, const char *format)
{
    int64_t start = atomic_load_explicit(&site->window_start_us, memory_order_relaxed);
    if ((now - start >= SITE_WINDOW_US || now < start) &&
        atomic_compare_exchange_strong(&site->window_start_us, &start, now))
        atomic_store_explicit(&site->lines, 0, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&site->lines, 1, memory_order_relaxed) < SITE_LINES)
        return LOG_PASS;
    bool is_new = list_once(site, level, format); /* others may have counted before it was listed */
    bool is_first = atomic_fetch_add(&site->held_back, 1) == 0;
    return is_new || is_first ? LOG_FIRST_HELD_BACK : LOG_HELD_BACK;
}

bool log_sites_hold_back(void)
{
    for (const struct log_site *site = atomic_load(&first_site); site; site = site->next)
        if (atomic_load(&site->held_back))
            return true;
    return false;
}

void log_sites_take(void (*tell)(const struct log_site *site, uint32_t count))
{
    for (struct log_site *site = atomic_load(&first_site); site; site = site->next) {
        uint32_t count = atomic_exchange(&site->held_back, 0);
        if (count)
            tell(site, count);
    }
}

/* From a '%' to behind its conversion. */
static const char *skip_conversion(const char *percent)
{
    const char *at = percent + 1;
    at += strspn(at, "-+ #0123456789.*hlLjzt");
    return *at ? at + 1 : at;
}

void log_site_describe(const struct log_site *site, struct text *t)
{
    bool varies = false; /* neighbours that vary are one gap */
    for (const char *at = site->format; *at;) {
        if (at[0] == '%' && at[1] != '%') {
            if (!varies)
                text_puts(t, "...");
            varies = true;
            at = skip_conversion(at);
        } else {
            text_append(t, at, 1);
            varies = false;
            at += at[0] == '%' ? 2 : 1;
        }
    }
}
