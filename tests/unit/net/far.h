/* far: servers that are on another machine, as far as connect() tells: asked again, it says that
 * the connection is still on its way. Over loopback it would be there by then. The linker puts this
 * function between sluice and the system: link with $(FAR_SERVERS). */
#ifndef SLUICE_TESTS_FAR_H
#define SLUICE_TESTS_FAR_H

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>

int __real_connect(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len);

static struct {
    bool are_near;
    int asked; /* this descriptor's next call is its second */
} servers = {.asked = -1};

int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
    if (servers.asked == fd && !servers.are_near) {
        servers.asked = -1;
        errno = EALREADY;
        return -1;
    }
    int rc = __real_connect(fd, sa, len);
    servers.asked = rc < 0 && errno == EINPROGRESS ? fd : -1;
    return rc;
}

#endif
