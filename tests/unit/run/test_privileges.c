/* Who the program is. Who asks, and which users there are, is the test's: see module.mk. Giving
 * root up for good is tried for real in a child, where the test has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/privileges.h"

#define SOMEBODY 4242

static struct {
    bool is_fake;
    uid_t uid;
    struct passwd users[4];
    struct problems problems;
} test;

uid_t __real_geteuid(void);
uid_t __wrap_geteuid(void);
gid_t __real_getegid(void);
gid_t __wrap_getegid(void);
struct passwd *__wrap_getpwnam(const char *name);

uid_t __wrap_geteuid(void)
{
    return test.is_fake ? test.uid : __real_geteuid();
}

gid_t __wrap_getegid(void)
{
    return test.is_fake ? test.uid + 1 : __real_getegid();
}

struct passwd *__wrap_getpwnam(const char *name)
{
    for (size_t i = 0; i < 4; i++)
        if (test.users[i].pw_name && strcmp(test.users[i].pw_name, name) == 0)
            return &test.users[i];
    return NULL;
}

static int set_up(void **state)
{
    (void)state;
    static char root[] = "root", sluice[] = "sluice", nobody[] = "nobody", www[] = "www";
    test.is_fake = true;
    test.users[0] = (struct passwd){.pw_name = root};
    test.users[1] = (struct passwd){.pw_name = www, .pw_uid = 33, .pw_gid = 34};
    test.users[2] = (struct passwd){.pw_name = nobody, .pw_uid = 65534, .pw_gid = 65533};
    test.users[3] = (struct passwd){.pw_name = sluice, .pw_uid = 900, .pw_gid = 901};
    problems_init(&test.problems);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test.is_fake = false;
    problems_fini(&test.problems);
    return 0;
}

/* Who it becomes, started by `uid`. */
static int resolve(uid_t uid, const char *user, struct identity *ret_identity)
{
    const struct conf_global conf = {.user = user, .user_where = {"sluice.ini", user ? 3 : 0}};
    test.uid = uid;
    return privileges_resolve(&conf, ret_identity, &test.problems);
}

static void said(enum problem_kind kind, const char *words)
{
    assert_int_equal(test.problems.n, 1);
    assert_int_equal(test.problems.items[0].kind, kind);
    if (!strstr(test.problems.items[0].text, words))
        fail_msg("\"%s\" is not in: %s", words, test.problems.items[0].text);
}

static void assert_identity(const struct identity *i, bool change, uid_t uid, gid_t gid)
{
    assert_int_equal(i->change, change);
    assert_int_equal(i->uid, uid);
    assert_int_equal(i->gid, gid);
}

static void root_becomes_the_user_that_is_written(void **state)
{
    (void)state;
    struct identity identity;
    assert_int_equal(resolve(0, "www", &identity), 0);
    assert_identity(&identity, true, 33, 34);
    assert_int_equal(test.problems.n, 0);
}

static void root_becomes_sluice_or_else_nobody(void **state)
{
    (void)state;
    struct identity identity;
    assert_int_equal(resolve(0, NULL, &identity), 0);
    assert_identity(&identity, true, 900, 901);
    test.users[3].pw_name = NULL;
    assert_int_equal(resolve(0, NULL, &identity), 0);
    assert_identity(&identity, true, 65534, 65533);
    assert_int_equal(test.problems.n, 0);
}

static void user_that_does_not_exist_is_an_error(void **state)
{
    (void)state;
    struct identity identity;
    assert_int_equal(resolve(0, "wwww", &identity), -1);
    said(PROBLEM_ERROR, "sluice.ini:3: error: user = wwww: there is no such user");
}

static void machine_without_any_of_our_users_is_an_error(void **state)
{
    (void)state;
    struct identity identity;
    test.users[2].pw_name = test.users[3].pw_name = NULL;
    assert_int_equal(resolve(0, NULL, &identity), -1);
    said(PROBLEM_ERROR, "user = nobody: there is no such user");
}

static void root_that_stays_root_is_warned(void **state)
{
    (void)state;
    struct identity identity;
    assert_int_equal(resolve(0, "root", &identity), 0);
    assert_identity(&identity, false, 0, 0);
    said(PROBLEM_WARNING, "running as root");
}

static void others_stay_who_they_are(void **state)
{
    (void)state;
    struct identity identity;
    assert_int_equal(resolve(SOMEBODY, NULL, &identity), 0);
    assert_identity(&identity, false, SOMEBODY, SOMEBODY + 1);
    assert_int_equal(test.problems.n, 0);
}

static void others_are_told_that_they_cannot_change(void **state)
{
    (void)state;
    struct identity identity;
    assert_int_equal(resolve(SOMEBODY, "www", &identity), 0);
    assert_identity(&identity, false, SOMEBODY, SOMEBODY + 1);
    said(PROBLEM_WARNING, "user = www is ignored: only root can become somebody else");
}

/* ---- for real ---- */

/* What a child finds wrong; 0: nothing. */
static int in_child(int (*try)(const struct identity *identity))
{
    const struct identity somebody = {true, SOMEBODY, SOMEBODY + 1};
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(try(&somebody));
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int capabilities(struct __user_cap_data_struct data[static 2])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    return (int)syscall(SYS_capget, &header, data);
}

static int drop_for_good(const struct identity *identity)
{
    const unsigned keeps = 1u << CAP_NET_BIND_SERVICE | 1u << CAP_DAC_READ_SEARCH;
    struct __user_cap_data_struct caps[2];
    const gid_t groups[] = {0, 4, 27};
    struct err err;
    if (setgroups(3, groups) < 0 || privileges_drop(identity, &err) < 0)
        return 1;
    uid_t real, effective, saved;
    if (getresuid(&real, &effective, &saved) < 0 || real != SOMEBODY || effective != SOMEBODY ||
        saved != SOMEBODY)
        return 2;
    if (getgid() != SOMEBODY + 1 || getgroups(0, NULL) != 0)
        return 3;
    if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0)
        return 4;
    if (capabilities(caps) < 0 || caps[0].permitted & ~keeps || caps[1].permitted ||
        caps[0].inheritable)
        return 5;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return 6;
    if (privileges_drop_in_worker(&err) < 0 || capabilities(caps) < 0 || caps[0].permitted ||
        caps[0].effective)
        return 7;
    return 0;
}

static int step_down_and_up(const struct identity *identity)
{
    struct err err;
    if (privileges_step_down(identity, &err) < 0 || geteuid() != SOMEBODY)
        return 1;
    if (getegid() != SOMEBODY + 1)
        return 2;
    if (privileges_step_up(identity, &err) < 0 || geteuid() != 0 || getegid() != 0)
        return 3;
    return 0;
}

static int change_nothing(const struct identity *identity)
{
    const struct identity same = {false, identity->uid, identity->gid};
    struct err err;
    uid_t before = geteuid();
    return privileges_drop(&same, &err) < 0 || privileges_step_down(&same, &err) < 0 ||
           geteuid() != before || privileges_step_up(&same, &err) < 0;
}

static int drop_what_is_not_ours(const struct identity *identity)
{
    struct err err;
    if (geteuid() == 0 && setresuid(SOMEBODY, SOMEBODY, SOMEBODY) < 0)
        return 1;
    if (privileges_drop(identity, &err) == 0)
        return 2;
    return strstr(err.context, "cannot give up root") ? 0 : 3;
}

static void root_is_given_up_for_good(void **state)
{
    (void)state;
    if (__real_geteuid() == 0)
        assert_int_equal(in_child(drop_for_good), 0);
}

static void step_down_can_be_taken_back(void **state)
{
    (void)state;
    if (__real_geteuid() == 0)
        assert_int_equal(in_child(step_down_and_up), 0);
}

static void who_stays_keeps_everything(void **state)
{
    (void)state;
    assert_int_equal(in_child(change_nothing), 0);
}

static void change_that_is_not_allowed_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(in_child(drop_what_is_not_ours), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(root_becomes_the_user_that_is_written),
        CASE(root_becomes_sluice_or_else_nobody),
        CASE(user_that_does_not_exist_is_an_error),
        CASE(machine_without_any_of_our_users_is_an_error),
        CASE(root_that_stays_root_is_warned),
        CASE(others_stay_who_they_are),
        CASE(others_are_told_that_they_cannot_change),
        cmocka_unit_test(root_is_given_up_for_good),
        cmocka_unit_test(step_down_can_be_taken_back),
        cmocka_unit_test(who_stays_keeps_everything),
        cmocka_unit_test(change_that_is_not_allowed_is_an_error),
    };
    return cmocka_run_group_tests_name("privileges", tests, NULL, NULL);
}
