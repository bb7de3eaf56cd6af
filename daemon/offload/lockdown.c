// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The worker's cage. What is allowed is what libusb's event handling on an open usbfs node, a part on an
 * open descriptor, the socket, and the C library's memory and locks need; each group says whose it is.
 * Nothing here opens, connects, executes, or makes a process or thread, and no memory can become executable.
 */
#include "daemon/offload/lockdown.h"

#include "base/cleanup.h"
#include "base/digest.h"

#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#define ALLOW(name)                              \
        {                                        \
                .syscall = (name), .allow = true \
        }
#define ALLOW_WITHOUT(name, n, bits)                                                          \
        {                                                                                     \
                .syscall = (name), .allow = true, .argument = (n), .mask = (bits), .value = 0 \
        }
/* The kernel takes 32 bits of a request; what the C library puts above them is of no account. */
#define ALLOW_IOCTL(request)                                                          \
        {                                                                             \
                .syscall = "ioctl", .allow = true, .argument = 1, .mask = UINT32_MAX, \
                .value = (uint32_t)(request)                                          \
        }
#define ALLOW_FCNTL(command)                                                                             \
        {                                                                                                \
                .syscall = "fcntl", .allow = true, .argument = 1, .mask = UINT32_MAX, .value = (command) \
        }

/* Names that are another architecture's are skipped: 32-bit ones have calls of their own for 64-bit offsets
 * and times. */
static const struct sandbox_rule rules[] = {
                /* the part */
                ALLOW("pread64"),
                ALLOW("pwrite64"),
                ALLOW("fdatasync"),
                ALLOW("sync_file_range"),
                ALLOW("sync_file_range2"),
                ALLOW("ftruncate"),
                ALLOW("ftruncate64"),
                ALLOW_FCNTL(F_GETFL),
                {.syscall = "fcntl64", .allow = true, .argument = 1, .mask = UINT32_MAX, .value = F_GETFL},

                /* the socket, and lines on standard error */
                ALLOW("recvmsg"),
                ALLOW("sendmsg"),
                ALLOW("write"),

                /* libusb: waiting, its event and timer descriptors */
                ALLOW("poll"),
                ALLOW("ppoll"),
                ALLOW("ppoll_time64"),
                ALLOW("read"),
                ALLOW("timerfd_settime"),
                ALLOW("timerfd_settime64"),
                ALLOW_IOCTL(USBDEVFS_SUBMITURB),
                ALLOW_IOCTL(USBDEVFS_REAPURBNDELAY),
                ALLOW_IOCTL(USBDEVFS_DISCARDURB),
                ALLOW_IOCTL(USBDEVFS_CLEAR_HALT),
                ALLOW_IOCTL(USBDEVFS_RESET),
                ALLOW_IOCTL(USBDEVFS_CLAIMINTERFACE),
                ALLOW_IOCTL(USBDEVFS_DISCONNECT_CLAIM),
                ALLOW_IOCTL(USBDEVFS_RELEASEINTERFACE),
                ALLOW_IOCTL(USBDEVFS_SETINTERFACE),
                ALLOW_IOCTL(USBDEVFS_GETDRIVER),
                ALLOW_IOCTL(USBDEVFS_IOCTL), /* gives the interface back to its kernel driver */

                /* the C library: memory, locks, time, the end */
                ALLOW("brk"),
                ALLOW_WITHOUT("mmap", 2, PROT_EXEC),
                ALLOW_WITHOUT("mmap2", 2, PROT_EXEC),
                ALLOW_WITHOUT("mprotect", 2, PROT_EXEC),
                ALLOW("mremap"),
                ALLOW("munmap"),
                ALLOW("madvise"),
                ALLOW("futex"),
                ALLOW("futex_time64"),
                ALLOW("clock_gettime"),
                ALLOW("clock_gettime64"),
                ALLOW("close"),
                ALLOW("rt_sigprocmask"), /* a thread that ends blocks its signals */
                ALLOW("rt_sigreturn"),
                ALLOW("restart_syscall"),
                {.syscall = "sysinfo",
                 .action = SANDBOX_EACCES}, /* a long qsort() asks for the memory there is */
                ALLOW("exit"),
                ALLOW("exit_group"),
#if RECDOCK_INJECTION
                /* a crash point raises SIGKILL */
                ALLOW("getpid"),
                ALLOW("gettid"),
                ALLOW("tgkill"),
#endif
};

/* libcrypto reads its configuration at the first digest, the C library its zone at the first local time. */
static int libraries_warm_up(void)
{
        struct digest *digest;
        uint8_t value[DIGEST_SIZE];
        int r = digest_new(&digest, true);

        if (r < 0)
                return r;
        digest_free(digest);
        tzset();
        return digest_sha256("", 0, value);
}

int lockdown_paths(struct sandbox_state *state)
{
        int r = libraries_warm_up();

        if (r == 0)
                r = sandbox_no_new_privs(state);
        if (r == 0)
                r = sandbox_landlock_nothing(state);
        return r;
}

int lockdown_calls(struct sandbox_state *state)
{
        return sandbox_seccomp(rules, ELEMENTSOF(rules), state);
}
