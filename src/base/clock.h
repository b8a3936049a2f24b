/* clock: time as an argument. Everything below run/ receives a `struct clock` or a plain number and
 * never asks the system.
 *
 * Monotonic microseconds drive every timer and duration; the wall clock serves logs and
 * certificates only (F66). */
#ifndef SLUICE_BASE_CLOCK_H
#define SLUICE_BASE_CLOCK_H

#include <stdint.h>

typedef int64_t mono_us; /* microseconds since an arbitrary start, never goes back */

#define US_PER_MS INT64_C(1000)
#define US_PER_S INT64_C(1000000)
#define MONO_NEVER INT64_MAX /* a deadline that does not come */

struct clock {
    mono_us (*mono)(struct clock *clock);
    int64_t (*wall)(struct clock *clock); /* microseconds since 1970 */
};

static inline mono_us clock_mono(struct clock *clock)
{
    return clock->mono(clock);
}

static inline int64_t clock_wall(struct clock *clock)
{
    return clock->wall(clock);
}

/* The machine's own clocks; stateless, any thread. */
struct clock *clock_system(void);

/* A clock that a test sets. */
struct clock_fake {
    struct clock clock;
    mono_us now;
    int64_t wall_now;
};
void clock_fake_init(struct clock_fake *fake, mono_us now);

#endif
