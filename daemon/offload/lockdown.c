// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The worker's cage. What is allowed is what a part on an open descriptor, the sockets, and the C library's
 * memory and locks need, and either what libusb's event handling on an open usbfs node needs or to look at
 * an open file; each group says whose it is.
 * Nothing here opens, connects, executes, or makes a process or thread, and no memory can become executable.
 */
#include "daemon/offload/lockdown.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

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
static const struct sandbox_rule common_rules[] = {
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
                ALLOW_FCNTL(F_SETFL), /* O_DIRECT on and off */
                {.syscall = "fcntl64", .allow = true, .argument = 1, .mask = UINT32_MAX, .value = F_SETFL},

                /* the sockets, waiting for them and for libusb, lines on standard error */
                ALLOW("recvmsg"),
                ALLOW("sendmsg"),
                ALLOW("write"),

                ALLOW("poll"),
                ALLOW("ppoll"),
                ALLOW("ppoll_time64"),

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

static const struct sandbox_rule usb_rules[] = {
                /* libusb: its event and timer descriptors */
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
};

/* fstat(3) of the C library is newfstatat(2) with an empty path on some architectures. */
static const struct sandbox_rule file_rules[] = {
                ALLOW("fstat"),
                ALLOW("fstat64"),
                {.syscall = "newfstatat",
                 .allow = true,
                 .argument = 3,
                 .mask = UINT32_MAX,
                 .value = AT_EMPTY_PATH},
                {.syscall = "fstatat64",
                 .allow = true,
                 .argument = 3,
                 .mask = UINT32_MAX,
                 .value = AT_EMPTY_PATH},
                {.syscall = "statx",
                 .allow = true,
                 .argument = 2,
                 .mask = AT_EMPTY_PATH,
                 .value = AT_EMPTY_PATH},
};

int lockdown_paths(struct sandbox_state *state)
{
        int r = sandbox_warm_up();

        if (r == 0)
                r = sandbox_no_new_privs(state);
        if (r == 0)
                r = sandbox_landlock_nothing(state);
        return r;
}

int lockdown_calls(enum lockdown_kind kind, struct sandbox_state *state)
{
        struct sandbox_rule rules[ELEMENTSOF(common_rules) + ELEMENTSOF(usb_rules) + ELEMENTSOF(file_rules)];
        const struct sandbox_rule *own = kind == LOCKDOWN_FILES ? file_rules : usb_rules;
        size_t n = kind == LOCKDOWN_FILES ? ELEMENTSOF(file_rules) : ELEMENTSOF(usb_rules);

        memcpy(rules, common_rules, sizeof(common_rules));
        memcpy(rules + ELEMENTSOF(common_rules), own, n * sizeof(*own));
        return sandbox_seccomp(rules, ELEMENTSOF(common_rules) + n, state);
}
