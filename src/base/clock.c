/* clock: the machine's clocks, and one that a test sets. */
#include "base/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec ts = {0};
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
}

static mono_us system_mono(struct clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t system_wall(struct clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_REALTIME);
}

struct clock *clock_system(void)
{
    static struct clock machine = {system_mono, system_wall};
    return &machine;
}

static mono_us fake_mono(struct clock *clock)
{
    return ((struct clock_fake *)clock)->now;
}

static int64_t fake_wall(struct clock *clock)
{
    return ((struct clock_fake *)clock)->wall_now;
}

void clock_fake_init(struct clock_fake *fake, mono_us now)
{
    *fake = (struct clock_fake){.clock = {fake_mono, fake_wall}, .now = now};
}
