/* farm: some members to balance over, and threads that pick at the same time. */
#ifndef SLUICE_TESTS_BALANCE_FARM_H
#define SLUICE_TESTS_BALANCE_FARM_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "balance/balancer.h"

#define FARM_MAX 2000
#define FARM_THREADS 4

struct farm {
    struct balancer balancer;
    struct balance_member members[FARM_MAX];
    _Atomic uint32_t loads[FARM_MAX];
    _Atomic uint64_t turn;
    size_t n;
    bool is_down[FARM_MAX];
};

static bool farm_is_up(const void *arg, size_t index)
{
    const struct farm *f = arg;
    return !f->is_down[index];
}

static void farm_init(
    struct farm *f, const struct balancer_ops *ops, const unsigned *weights, size_t n)
{
    memset(f, 0, sizeof *f);
    f->n = n;
    for (size_t i = 0; i < n; i++)
        f->members[i] = (struct balance_member){.weight = weights[i], .load = &f->loads[i]};
    struct err err;
    assert_int_equal(balancer_init(&f->balancer, ops, f->members, n, &f->turn, &err), 0);
}

static void farm_fini(struct farm *f)
{
    balancer_fini(&f->balancer);
}

static size_t farm_pick(struct farm *f)
{
    return balancer_pick(&f->balancer, &(struct balance_request){farm_is_up, f});
}

static uint32_t farm_load(struct farm *f, size_t i)
{
    return atomic_load(&f->loads[i]);
}

/* Runs `run` on four threads at once. */
static void farm_race(struct farm *f, void *(*run)(void *farm))
{
    pthread_t threads[FARM_THREADS];
    for (int i = 0; i < FARM_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, f), 0);
    for (int i = 0; i < FARM_THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

#endif
