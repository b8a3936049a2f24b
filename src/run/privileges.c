#include "run/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include "base/sys.h"

#define MAIN_KEEPS ((1u << CAP_NET_BIND_SERVICE) | (1u << CAP_DAC_READ_SEARCH))

static struct passwd *default_user(void)
{
    struct passwd *pw = getpwnam("sluice");
    return pw ? pw : getpwnam("nobody");
}

int privileges_resolve(
    const struct conf_global *conf, struct identity *ret_identity, struct problems *problems)
{
    struct identity self = {.change = false, .uid = geteuid(), .gid = getegid()};
    if (geteuid() != 0) {
        if (conf->user)
            problems_warn(problems, conf->user_where,
                "user = %s is ignored: only root can become somebody else", conf->user);
        *ret_identity = self;
        return 0;
    }
    const struct passwd *pw = conf->user ? getpwnam(conf->user) : default_user();
    if (!pw) {
        problems_error(problems, conf->user_where, "user = %s: there is no such user",
            conf->user ? conf->user : "nobody");
        return -1;
    }
    if (pw->pw_uid == 0)
        problems_warn(problems, conf->user_where,
            "running as root: a fault in this program would own the machine; create a user for it");
    *ret_identity =
        (struct identity){.change = pw->pw_uid != 0, .uid = pw->pw_uid, .gid = pw->pw_gid};
    return 0;
}

/* The effective identity only: the way back is open. But root's other groups, which the user will
 * not have, are given up at once. */
int privileges_step_down(const struct identity *identity, struct err *ret_err)
{
    if (!identity->change || (sys_setgroups(0, NULL) == 0 && sys_setegid(identity->gid) == 0 &&
                                 sys_seteuid(identity->uid) == 0))
        return 0;
    err_set_errno(ret_err, errno, "cannot become uid %u", (unsigned)identity->uid);
    return -1;
}

int privileges_step_up(const struct identity *identity, struct err *ret_err)
{
    if (!identity->change || (sys_seteuid(0) == 0 && sys_setegid(0) == 0))
        return 0;
    err_set_errno(ret_err, errno, "cannot become root again");
    return -1;
}

/* capset(2) for the calling thread. Both inheritable and ambient sets stay empty. */
static int keep_capabilities(unsigned mask)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{.effective = mask, .permitted = mask}};
    return sys_capset(&header, data);
}

/* Capabilities that we never had cannot be kept (containers often lack some). */
static unsigned permitted(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};
    return syscall(SYS_capget, &header, data) < 0 ? 0 : data[0].permitted;
}

int privileges_drop(const struct identity *identity, struct err *ret_err)
{
    if (!identity->change)
        return 0;
    unsigned keep = permitted() & MAIN_KEEPS;
    if (sys_prctl(PR_SET_KEEPCAPS, 1) < 0 || sys_setgroups(0, NULL) < 0 ||
        sys_setresgid(identity->gid, identity->gid, identity->gid) < 0 ||
        sys_setresuid(identity->uid, identity->uid, identity->uid) < 0 ||
        keep_capabilities(keep) < 0 || sys_prctl(PR_SET_NO_NEW_PRIVS, 1) < 0) {
        err_set_errno(ret_err, errno, "cannot give up root");
        return -1;
    }
    if (setuid(0) == 0 || sys_seteuid(0) == 0 || setgid(0) == 0) {
        err_set(ret_err, ERR_SYSTEM, "root was given up but could be taken back");
        return -1;
    }
    return 0;
}

int privileges_drop_in_worker(struct err *ret_err)
{
    if (geteuid() == 0 || keep_capabilities(0) == 0)
        return 0;
    err_set_errno(ret_err, errno, "a worker cannot give up its capabilities");
    return -1;
}
