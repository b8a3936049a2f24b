/* sys_fault: which system call or allocation fails in a test, and with what.
 *
 * Asked by base/sys.h and base/mem.c in a build with SLUICE_FAULTS; nothing asks it in any other,
 * so that it is not even linked. Any thread; the plan is made before there are others.
 *
 * The environment's SLUICE_FAULT, read at the first call, is either a plan or "count:/path":
 *
 *     open:3,alloc:17:ENOMEM    the third open() fails with what is usual for it, EMFILE, and the
 *                               17th allocation with ENOMEM; each once
 *     send:4:SHORT              of the bytes for the fourth send() only the first goes; also for
 *                               recv, read and write
 *     count:/tmp/totals         nothing fails; at exit the file gets "open 5" and so on, by which a
 *                               driver knows how many there are to try
 *
 * A failure that the environment planned says on stderr when it comes, and where, if
 * SLUICE_FAULT_STACK is set too. */
#ifndef SLUICE_BASE_SYS_FAULT_H
#define SLUICE_BASE_SYS_FAULT_H

enum sys_fault_kind {
#define SYS_CALL(name) SYS_FAULT_##name,
#include "base/sys_calls.def"
#undef SYS_CALL
    SYS_FAULT_alloc, /* every function of base/mem.h that allocates */
    SYS_FAULT_openssl_alloc,
    SYS_FAULT_libev_alloc,
    SYS_FAULT_KINDS
};

/* No errno: the call is to be made, for one byte only. */
#define SYS_FAULT_SHORT (-1)

/* Counts the call; its planned errno or SYS_FAULT_SHORT, or 0 when it is not to fail. */
int sys_fault(enum sys_fault_kind kind);

/* A plan in the place of the environment's, for tests that fail their own calls; counts start anew.
 * "" plans nothing. A text that is no plan ends the process: a test must not pass by mistake. */
void sys_fault_plan(const char *text);

#endif
