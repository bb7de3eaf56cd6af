// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The worker's cage; see archive_lockdown.h. What is allowed is what files below one folder, files that come
 * over the socket, and the C library's memory take. Nothing here connects, executes or makes a process, and
 * no memory can become executable. Discs have threads, and one device; what makes recovery data was started
 * before, and has a cage of its own (optical/disc_coder.c).
 */
#include "daemon/archive/archive_lockdown.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#define MEMORY_MAX (UINT64_C(4) << 30) /* a million rows, a manifest of 256 MiB */

#define ALLOW(name)                              \
        {                                        \
                .syscall = (name), .allow = true \
        }
#define NOT_EXECUTABLE .allow = true, .argument = 2, .mask = PROT_EXEC, .value = 0
#define ALLOW_FCNTL(call, command)                                                                      \
        {                                                                                               \
                .syscall = (call), .allow = true, .argument = 1, .mask = UINT32_MAX, .value = (command) \
        }
#define FAIL_FCNTL(call, command)                                                               \
        {                                                                                       \
                .syscall = (call), .action = SANDBOX_EACCES, .argument = 1, .mask = UINT32_MAX, \
                .value = (command)                                                              \
        }

/* Names that are another architecture's are skipped. */
static const struct sandbox_rule rules[] = {
                /* files of the volume, and those that are copied there */
                ALLOW("openat"),
                ALLOW("openat2"),
                ALLOW("mkdirat"),
                ALLOW("renameat"),
                ALLOW("renameat2"),
                ALLOW("unlinkat"),
                ALLOW("getdents64"),
                ALLOW("read"),
                ALLOW("pread64"),
                ALLOW("write"),
                ALLOW("lseek"),
                ALLOW("_llseek"),
                ALLOW("fsync"),
                ALLOW("fdatasync"),
                ALLOW("fadvise64"),
                ALLOW("fadvise64_64"),
                ALLOW("mincore"),
                ALLOW("fchmod"),
                ALLOW("utimensat"),
                ALLOW("utimensat_time64"),
                ALLOW("fstatfs"),
                ALLOW("fstatfs64"),
                ALLOW("fstat"),
                ALLOW("fstat64"),
                ALLOW("newfstatat"),
                ALLOW("fstatat64"),
                ALLOW("statx"),
                ALLOW_FCNTL("fcntl", F_GETFL),
                ALLOW_FCNTL("fcntl", F_SETFL), /* O_DIRECT off */
                ALLOW_FCNTL("fcntl", F_GETFD), /* fdopendir(3) */
                ALLOW_FCNTL("fcntl", F_SETFD),
                ALLOW_FCNTL("fcntl64", F_GETFD),
                ALLOW_FCNTL("fcntl64", F_SETFD),
                ALLOW_FCNTL("fcntl64", F_GETFL),
                ALLOW_FCNTL("fcntl64", F_SETFL),

                /* the socket, lines on standard error */
                ALLOW("recvmsg"),
                ALLOW("sendmsg"),
                ALLOW("poll"),
                ALLOW("ppoll"),
                ALLOW("ppoll_time64"),
                ALLOW("writev"),

                /* the C library: memory, locks, time, the end */
                ALLOW("brk"),
                {"mmap", NOT_EXECUTABLE},
                {"mmap2", NOT_EXECUTABLE},
                {"mprotect", NOT_EXECUTABLE},
                ALLOW("mremap"),
                ALLOW("munmap"),
                ALLOW("madvise"),
                ALLOW("futex"),
                ALLOW("futex_time64"),
                ALLOW("clock_gettime"),
                ALLOW("clock_gettime64"),
                ALLOW("getrandom"),
                ALLOW("close"),
                ALLOW("rt_sigprocmask"),
                ALLOW("rt_sigreturn"),
                ALLOW("restart_syscall"),
                {"sysinfo", .action = SANDBOX_EACCES}, /* a long qsort() asks for the memory there is */
                ALLOW("exit"),
                ALLOW("exit_group"),
#if RECDOCK_INJECTION
                /* a crash point raises SIGKILL */
                ALLOW("getpid"),
                ALLOW("gettid"),
                ALLOW("tgkill"),
#endif
};

/* Beside them: a folder asks for no more. */
static const struct sandbox_rule folder_rules[] = {
                {"ioctl", .action = SANDBOX_ENOTTY},
};

/* What libburn and libisofs take. */
static const struct sandbox_rule disc_rules[] = {
                ALLOW("ioctl"), /* SG_IO and its like: Landlock leaves one device, the drive */
                /* a drive is locked against others that use libburn */
                ALLOW_FCNTL("fcntl", F_SETLK),
                ALLOW_FCNTL("fcntl64", F_SETLK),
                /* libburn asks for the drive's signals, of which there are none. Granted, the socket's could
                 * be sent to anybody of this user. */
                FAIL_FCNTL("fcntl", F_SETOWN),
                FAIL_FCNTL("fcntl64", F_SETOWN),
                ALLOW("pwrite64"),
                ALLOW("ftruncate"), /* a file that stands in */
                ALLOW("sync_file_range"),
                ALLOW("sync_file_range2"),
                ALLOW("stat"), /* what the drive's name is a name of */
                ALLOW("stat64"),
                ALLOW("lstat"),
                ALLOW("lstat64"),
                ALLOW("readlink"),
                ALLOW("readlinkat"),
                ALLOW("access"),
                ALLOW("faccessat"),
                ALLOW("open"),   /* as openat */
                ALLOW("statfs"), /* the room for a file that stands in */
                ALLOW("statfs64"),
                ALLOW("nanosleep"), /* a drive is asked again until it is ready */
                ALLOW("clock_nanosleep"),
                ALLOW("clock_nanosleep_time64"),
                ALLOW("gettimeofday"), /* where there is no vDSO */
                ALLOW("time"),
                ALLOW("getpid"), /* libburn marks its threads with it */
                ALLOW("gettid"),
                /* threads: one makes the image, one feeds the drive */
                ALLOW("clone"),
                ALLOW("clone3"),
                ALLOW("set_robust_list"),
                ALLOW("rt_sigaction"), /* the first thread brings a signal of the C library's */
                ALLOW("rseq"),
                ALLOW("sched_yield"),
};

/* What follows a process that makes recovery data. */
static const struct sandbox_rule coder_rules[] = {
                ALLOW("pidfd_send_signal"), /* no pidfd can be had here but the one there is */
                ALLOW("waitid"),
};

static size_t rules_append(struct sandbox_rule *all, size_t n, const struct sandbox_rule *more,
                           size_t n_more)
{
        memcpy(all + n, more, n_more * sizeof(*more));
        return n + n_more;
}

static int calls_restrict(const struct archive_cage *cage, struct sandbox_state *state)
{
        struct sandbox_rule all[ELEMENTSOF(rules) + ELEMENTSOF(disc_rules) + ELEMENTSOF(coder_rules)];
        size_t n = rules_append(all, 0, rules, ELEMENTSOF(rules));

        n = cage->disc ? rules_append(all, n, disc_rules, ELEMENTSOF(disc_rules))
                       : rules_append(all, n, folder_rules, ELEMENTSOF(folder_rules));
        if (cage->coder)
                n = rules_append(all, n, coder_rules, ELEMENTSOF(coder_rules));
        return sandbox_seccomp(all, n, state);
}

/* That of a disc has no call but one that sends a signal, and that one needs the pidfd of whom it is for. */
static int paths_restrict(const struct archive_cage *cage, struct sandbox_state *state)
{
        if (cage->folder < 0)
                return sandbox_landlock_nothing(state);
        return cage->disc ? sandbox_landlock_file(cage->folder, cage->writable, cage->coder, state)
                          : sandbox_landlock_folder(cage->folder, cage->writable, state);
}

int archive_lockdown(const struct archive_cage *cage, struct sandbox_state *state)
{
        int r = sandbox_warm_up();

        if (r == 0)
                r = sandbox_limit_memory(MEMORY_MAX);
        if (r == 0)
                r = sandbox_no_new_privs(state);
        if (r == 0)
                r = paths_restrict(cage, state);
        return r == 0 ? calls_restrict(cage, state) : r;
}
