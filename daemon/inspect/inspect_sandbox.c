// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The two allow-lists. The parent's holds what it takes to make and lock a child; a child adds its own, and
 * the kernel applies both. Neither maps executable memory. libavformat's transport stream demuxer looks for
 * character set tables through iconv, and a long qsort() asks how much memory there is: refused with an
 * errno they cope with, since killing would make every such recording a crash.
 */
#include "daemon/inspect/inspect_sandbox.h"
#include "base/cleanup.h"

#include <sys/mman.h>

#define NOT_EXECUTABLE .allow = true, .argument = 2, .mask = PROT_EXEC, .value = 0

static const struct sandbox_rule parent_rules[] = {
                {"brk", .allow = true},
                {"clock_gettime", .allow = true},
                {"clone", .allow = true},
                {"clone3", .allow = true},
                {"close", .allow = true},
                {"close_range", .allow = true},
                {"exit", .allow = true},
                {"exit_group", .allow = true},
                {"fadvise64", .allow = true},
                {"fcntl", .allow = true},
                {"fdatasync", .allow = true},
                {"fstat", .allow = true},
                {"futex", .allow = true},
                {"getpid", .allow = true},
                {"getrandom", .allow = true},
                {"gettid", .allow = true},
                {"ioctl", .action = SANDBOX_ENOTTY},
                {"kill", .allow = true},
                {"landlock_create_ruleset", .allow = true},
                {"landlock_restrict_self", .allow = true},
                {"madvise", .allow = true},
                {"mincore", .allow = true},
                {"mmap", NOT_EXECUTABLE},
                {"mprotect", NOT_EXECUTABLE},
                {"mremap", .allow = true},
                {"munmap", .allow = true},
                {"newfstatat", .allow = true},
                {"openat", .action = SANDBOX_EACCES},
                {"pipe2", .allow = true},
                {"poll", .allow = true},
                {"prctl", .allow = true},
                {"pread64", .allow = true},
                {"prlimit64", .allow = true},
                {"read", .allow = true},
                {"recvmsg", .allow = true},
                {"restart_syscall", .allow = true},
                {"rseq", .allow = true},
                {"rt_sigaction", .allow = true},
                {"rt_sigprocmask", .allow = true},
                {"rt_sigreturn", .allow = true},
                {"seccomp", .allow = true},
                {"sendmsg", .allow = true},
                {"set_robust_list", .allow = true},
                {"setrlimit", .allow = true},
                {"statx", .allow = true},
                {"sysinfo", .action = SANDBOX_EACCES},
                {"tgkill", .allow = true},
                {"wait4", .allow = true},
                {"write", .allow = true},
                {"writev", .allow = true},
};

static const struct sandbox_rule child_rules[] = {
                {"brk", .allow = true},
                {"clock_gettime", .allow = true},
                {"exit", .allow = true},
                {"exit_group", .allow = true},
                {"futex", .allow = true},
                {"ioctl", .action = SANDBOX_ENOTTY},
                {"madvise", .allow = true},
                {"mmap", NOT_EXECUTABLE},
                {"mprotect", NOT_EXECUTABLE},
                {"mremap", .allow = true},
                {"munmap", .allow = true},
                {"newfstatat", .action = SANDBOX_EACCES},
                {"openat", .action = SANDBOX_EACCES},
                {"pread64", .allow = true},
                {"restart_syscall", .allow = true},
                {"rt_sigprocmask", .allow = true}, /* a thread that ends */
                {"rt_sigreturn", .allow = true},
                {"sysinfo", .action = SANDBOX_EACCES},
                {"write", .allow = true},
};

static int lock_paths(struct sandbox_state *state)
{
        int r = sandbox_no_new_privs(state);

        return r < 0 ? r : sandbox_landlock_nothing(state);
}

int inspect_lock_parent(struct sandbox_state *state)
{
        int r = lock_paths(state);

        return r < 0 ? r : sandbox_seccomp(parent_rules, ELEMENTSOF(parent_rules), state);
}

int inspect_limit_child(struct sandbox_state *state, uint64_t memory_bytes, unsigned int cpu_seconds)
{
        int r = sandbox_limits(memory_bytes, cpu_seconds);

        return r < 0 ? r : lock_paths(state);
}

int inspect_lock_child(struct sandbox_state *state)
{
        return sandbox_seccomp(child_rules, ELEMENTSOF(child_rules), state);
}
