// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A worker parses what a hostile device or file says, so it gives up what it will not need before it reads
 * the first byte. Three layers that fail independently of each other: no new privileges, Landlock (no path,
 * no TCP), seccomp (a short list of calls, death for any other). Landlock binds the calling thread and those
 * it makes later, seccomp is loaded for all threads at once: that is why Landlock comes before threads are
 * made.
 */
#include "base/sandbox.h"
#include "base/cleanup.h"
#include "base/digest.h"

#include <linux/landlock.h>
#include <openssl/crypto.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

/* The kernel's ABI as of version 6, for headers that are older than the kernel (linux/landlock.h). */
enum {
        ABI_REFER = 2,
        ABI_TRUNCATE = 3,
        ABI_TCP = 4,
        ABI_IOCTL_DEV = 5,
        ABI_SCOPE = 6,
};

#define FS_ABI_1     ((UINT64_C(1) << 13) - 1) /* execute … make_sym */
#define FS_REFER     (UINT64_C(1) << 13)
#define FS_TRUNCATE  (UINT64_C(1) << 14)
#define FS_IOCTL_DEV (UINT64_C(1) << 15)
#define NET_TCP      UINT64_C(3) /* bind, connect */
#define SCOPE_SOCKET UINT64_C(1) /* abstract UNIX sockets */
#define SCOPE_SIGNAL UINT64_C(2)
#define SCOPE_ALL    (SCOPE_SOCKET | SCOPE_SIGNAL)

struct ruleset_attr {
        uint64_t handled_access_fs;
        uint64_t handled_access_net;
        uint64_t scoped;
};

typedef void *filter_t;

static void filter_release(filter_t filter)
{
        seccomp_release(filter);
}

DEFINE_CLEANUP(filter_t, filter_release);

#if RECDOCK_SANITIZED
static bool locked_in;

/* Looking for leaks at exit needs ptrace and /proc, which a locked-in process has no longer. The leaks of
 * the same code are found by the tests that run it outside. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
        return locked_in;
}
#endif

int sandbox_warm_up(void)
{
        struct digest *digest;
        uint8_t value[DIGEST_SIZE];
        int r;

        /* A digest is the same whatever openssl.cnf says; reading it takes longer than all the rest here. */
        if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS, NULL) !=
            1)
                return -ENOMEM;
        r = digest_new(&digest, true);
        if (r < 0)
                return r;
        digest_free(digest);
        tzset();
        return digest_sha256("", 0, value);
}

int sandbox_no_new_privs(struct sandbox_state *state)
{
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return -errno;
        state->no_new_privs = true;
        return 0;
}

/* What a ruleset of this ABI can handle, and how many bytes of the structure that kernel knows. */
static size_t ruleset_for_abi(int abi, struct ruleset_attr *ret)
{
        *ret = (struct ruleset_attr){.handled_access_fs = FS_ABI_1};
        if (abi >= ABI_REFER)
                ret->handled_access_fs |= FS_REFER;
        if (abi >= ABI_TRUNCATE)
                ret->handled_access_fs |= FS_TRUNCATE;
        if (abi >= ABI_TCP)
                ret->handled_access_net = NET_TCP;
        if (abi >= ABI_IOCTL_DEV)
                ret->handled_access_fs |= FS_IOCTL_DEV;
        if (abi >= ABI_SCOPE)
                ret->scoped = SCOPE_ALL;
        if (abi >= ABI_SCOPE)
                return sizeof(*ret);
        return abi >= ABI_TCP ? offsetof(struct ruleset_attr, scoped)
                              : offsetof(struct ruleset_attr, handled_access_net);
}

/* Below one folder, or to one file. */
struct grant {
        int fd;
        uint64_t rights;
};

/* Of the rights those that the ruleset handles. */
static int rights_grant(int ruleset, const struct grant *grants, size_t n, uint64_t handled)
{
        for (size_t i = 0; i < n; i++) {
                const struct landlock_path_beneath_attr beneath = {
                                .allowed_access = grants[i].rights & handled, .parent_fd = grants[i].fd};

                if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
                        return -errno;
        }
        return 0;
}

static int landlock_restrict(struct sandbox_state *state, const struct grant *grants, size_t n,
                             uint64_t scopes)
{
        _cleanup_close_ int ruleset = -EBADF;
        struct ruleset_attr attr;
        size_t size;
        int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION), r;

        if (abi < 0 && errno != ENOSYS && errno != EOPNOTSUPP)
                return -errno;
        /* Not built in, or switched off at boot; or it would not let a file be named in another folder. */
        if (abi < 0 || (n > 0 && abi < ABI_REFER)) {
                state->landlock_abi = 0;
                return 0;
        }
        size = ruleset_for_abi(abi, &attr);
        attr.scoped &= scopes;
        ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
        if (ruleset < 0)
                return -errno;
        r = rights_grant(ruleset, grants, n, attr.handled_access_fs);
        if (r < 0)
                return r;
        if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
                return -errno;
        state->landlock_abi = abi;
        return 0;
}

int sandbox_landlock_nothing(struct sandbox_state *state)
{
        return landlock_restrict(state, NULL, 0, SCOPE_ALL);
}

int sandbox_landlock_folder(int folder, bool writable, struct sandbox_state *state)
{
        const uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
                       writing = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | FS_REFER |
                                 FS_TRUNCATE;
        const struct grant grant = {folder, writable ? reading | writing : reading};

        return landlock_restrict(state, &grant, 1, SCOPE_ALL);
}

int sandbox_landlock_file(int file, bool writable, bool signals, struct sandbox_state *state)
{
        const uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | FS_IOCTL_DEV,
                       writing = LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE;
        const struct grant grant = {file, writable ? reading | writing : reading};

        return landlock_restrict(state, &grant, 1, signals ? SCOPE_SOCKET : SCOPE_ALL);
}

int sandbox_landlock_paths(const struct sandbox_path *paths, size_t n, struct sandbox_state *state)
{
        _cleanup_free_ struct grant *grants = calloc(n + 1, sizeof(*grants));

        if (!grants)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                grants[i] = (struct grant){
                                paths[i].fd,
                                LANDLOCK_ACCESS_FS_READ_FILE |
                                                (paths[i].is_folder ? LANDLOCK_ACCESS_FS_READ_DIR : 0) |
                                                (paths[i].writable ? LANDLOCK_ACCESS_FS_WRITE_FILE |
                                                                                     FS_TRUNCATE
                                                                   : 0) |
                                                (paths[i].executable ? LANDLOCK_ACCESS_FS_EXECUTE : 0)};
        return landlock_restrict(state, grants, n, SCOPE_ALL);
}

static uint32_t rule_action(const struct sandbox_rule *rule)
{
        if (rule->allow)
                return SCMP_ACT_ALLOW;
        switch (rule->action) {
        case SANDBOX_EACCES:
                return SCMP_ACT_ERRNO(EACCES);
        case SANDBOX_ENOTTY:
                return SCMP_ACT_ERRNO(ENOTTY);
        case SANDBOX_ENOSYS:
                return SCMP_ACT_ERRNO(ENOSYS);
        case SANDBOX_KILL:
                break;
        }
        return SCMP_ACT_KILL_PROCESS;
}

/* 'otherwise': what happens to every call without a rule. */
static int rules_add(filter_t filter, uint32_t otherwise, const struct sandbox_rule *rules, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const struct sandbox_rule *rule = &rules[i];
                struct scmp_arg_cmp match =
                                SCMP_CMP64(rule->argument, SCMP_CMP_MASKED_EQ, rule->mask, rule->value);
                uint32_t action = rule_action(rule);
                int number = seccomp_syscall_resolve_name(rule->syscall);
                int r;

                if (number == __NR_SCMP_ERROR ||
                    action == otherwise) /* libseccomp refuses to be told twice */
                        continue;
                r = seccomp_rule_add_array(filter, action, number, rule->mask ? 1 : 0, &match);
                if (r < 0 && r != -EEXIST)
                        return r;
        }
        return 0;
}

/* What a test build makes beyond a production build's calls. */
static int rules_add_for_tests(filter_t filter, uint32_t otherwise)
{
        int r = 0;

#if RECDOCK_TESTBED
        /* libumockdev-preload carries each usbfs ioctl over a socket, with signals blocked and a short
         * pause, and asks where it is before it opens a path. */
        static const struct sandbox_rule umockdev[] = {
                        {"getcwd", .allow = true},
                        {"readlink", .allow = true},
                        {"readlinkat", .allow = true},
                        {"lstat", .allow = true},
                        {"stat", .allow = true},
                        {"access", .allow = true},
                        {"faccessat", .allow = true},
                        {"sendto", .allow = true},
                        {"recvfrom", .allow = true},
                        {"rt_sigprocmask", .allow = true},
                        {"clock_nanosleep", .allow = true},
        };

        r = rules_add(filter, otherwise, umockdev, ELEMENTSOF(umockdev));
#endif
#if RECDOCK_TESTBED || RECDOCK_SANITIZED
        /* The sanitizers' runtimes: thread bookkeeping, their own stacks and allocator, a report before
         * death. */
        static const struct sandbox_rule sanitizers[] = {
                        {"getpid", .allow = true},
                        {"gettid", .allow = true},
                        {"madvise", .allow = true},
                        {"mprotect", .allow = true, .argument = 2, .mask = 4 /* PROT_EXEC */, .value = 0},
                        {"mremap", .allow = true},
                        {"rt_sigaction", .allow = true},
                        {"sched_getaffinity", .allow = true},
                        {"sched_yield", .allow = true},
                        {"sigaltstack", .allow = true},
        };

        if (r == 0)
                r = rules_add(filter, otherwise, sanitizers, ELEMENTSOF(sanitizers));
#endif
        (void)filter;
        (void)otherwise;
        return r;
}

static int filter_load(uint32_t otherwise, const struct sandbox_rule *rules, size_t n,
                       struct sandbox_state *state)
{
        _cleanup_(filter_releasep) filter_t filter = seccomp_init(otherwise);
        int r;

        if (!filter)
                return -ENOMEM;
        /* A call through another architecture's entry (32-bit on a 64-bit kernel) is never a mistake. */
        r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
        if (r == 0)
                r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
        if (r == 0)
                r = rules_add(filter, otherwise, rules, n);
        if (r == 0)
                r = rules_add_for_tests(filter, otherwise);
        if (r == 0)
                r = seccomp_load(filter);
        if (r < 0)
                return r;
        state->seccomp = true;
#if RECDOCK_SANITIZED
        locked_in = true;
#endif
        return 0;
}

int sandbox_seccomp(const struct sandbox_rule *rules, size_t n, struct sandbox_state *state)
{
        return filter_load(SCMP_ACT_KILL_PROCESS, rules, n, state);
}

int sandbox_seccomp_program(const struct sandbox_rule *rules, size_t n, struct sandbox_state *state)
{
        return filter_load(SCMP_ACT_ERRNO(EPERM), rules, n, state);
}

static int limit(int resource, uint64_t soft, uint64_t hard)
{
        const struct rlimit value = {.rlim_cur = soft, .rlim_max = hard};

        return setrlimit((__rlimit_resource_t)resource, &value) < 0 ? -errno : 0;
}

int sandbox_limit_memory(uint64_t bytes)
{
        int r = limit(RLIMIT_CORE, 0, 0);

        /* The address sanitizer reserves terabytes that it never touches. */
        return r == 0 && !RECDOCK_SANITIZED ? limit(RLIMIT_AS, bytes, bytes) : r;
}

int sandbox_limits(uint64_t memory_bytes, unsigned int cpu_seconds)
{
        int r = limit(RLIMIT_CORE, 0, 0);

        if (r == 0)
                r = limit(RLIMIT_FSIZE, 0, 0);
        /* The address sanitizer reserves terabytes that it never touches. */
        if (r == 0 && memory_bytes > 0 && !RECDOCK_SANITIZED)
                r = limit(RLIMIT_AS, memory_bytes, memory_bytes);
        /* SIGXCPU first, so that the parent can tell a slow child from a killed one; SIGKILL a second later.
         */
        if (r == 0 && cpu_seconds > 0)
                r = limit(RLIMIT_CPU, cpu_seconds, (uint64_t)cpu_seconds + 1);
        return r;
}
