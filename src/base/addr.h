/* addr: socket addresses as values: parse, print, compare. IPv4, IPv6, UNIX. No name resolution.
 * Any thread. */
#ifndef SLUICE_BASE_ADDR_H
#define SLUICE_BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"

struct addr {
    socklen_t len; /* 0: no address */
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    } u;
};

/* The far end of a client, packed: what a session keeps. family is AF_UNSPEC, AF_INET, AF_INET6 or
 * AF_UNIX. */
struct peer {
    uint16_t family;
    uint16_t port;  /* host order; 0 for UNIX */
    uint8_t ip[16]; /* IPv4 in the first four; IPv4-mapped IPv6 is stored as IPv4 */
};

#define ADDR_TEXT_MAX 128 /* "[v6]:65535" or "unix:" and a path, with NUL */

/* "10.0.0.1:80", "[::1]:80", "unix:/run/x.sock". ERR_INPUT says what is wrong and shows an example;
 * a name where an address is needed has a message of its own ("app-2.internal" is a host name:
 * ...). */
int addr_parse(const char *text, struct addr *ret_addr, struct err *ret_err);
/* The same, and ":443" yields two addresses: [::]:443 (v6only) and 0.0.0.0:443. *ret_n is 1 or 2.
 */
int addr_parse_listen(
    const char *text, struct addr ret_addrs[2], size_t *ret_n, struct err *ret_err);
/* Address without port, for `source`: port 0. */
int addr_parse_host(const char *text, struct addr *ret_addr, struct err *ret_err);

void addr_format(const struct addr *addr, char out[static ADDR_TEXT_MAX]);
bool addr_equal(const struct addr *a, const struct addr *b);
/* A client may come to both: one is every address of its family, the ports are the same. */
bool addr_overlaps(const struct addr *a, const struct addr *b);
uint16_t addr_port(const struct addr *addr); /* host order; 0 for UNIX */

void peer_from_addr(const struct addr *addr, struct peer *ret_peer);
void peer_format(const struct peer *peer, char out[static ADDR_TEXT_MAX]); /* "unix" for AF_UNIX */

#endif
