// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The process that becomes dvdisaster; see disc_coder.h. Its maker speaks to it once, by a socket, and has
 * its pidfd: with that a locked-in process can signal it and nobody else.
 */
#include "optical/disc_coder.h"
#include "base/cleanup.h"
#include "base/disk_yield.h"
#include "base/log.h"
#include "base/message.h"
#include "base/sandbox.h"
#include "optical/burner.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum {
        SOCKET_FD = 3,
        PROGRAM_FD, /* what stands in front of it, SOCKET_FD excepted, is of the standard ones */
        IMAGE_FD = 9,
        TURN_MS = 100,
        TURNS_PER_SECOND = 10,
        SEND_TIMEOUT_MS = 10000,
        MESSAGE_CODE = 1,
        NOT_STARTED = 126, /* of the shell's, as 127 is */
        NOT_FOUND = 127,
        /* It makes tens of MiB in a second: for those that a small machine is slow with, and for disks that
         * are busy. */
        SECONDS_AT_LEAST = 600,
        WAITING_TIMES = 4,
};

/* It takes some tens of MiB, and four bytes for each sector. */
#define MEMORY_MAX (UINT64_C(2) << 30)

struct disc_coder {
        pid_t pid;
        int pidfd, socket;
        bool ended;
};

struct order {
        int64_t sectors;
};

DEFINE_CLEANUP(struct disc_coder *, disc_coder_free);

/* As execvp(3) looks for it, but for what is below the current folder. */
static int program_find(char *ret, size_t size)
{
        const char *path = getenv("PATH");
        size_t n;

        for (path = path ? path : "/usr/bin:/bin"; *path; path += n + (path[n] == ':')) {
                n = strcspn(path, ":");
                if (path[0] != '/' || n >= size)
                        continue;
                if ((size_t)snprintf(ret, size, "%.*s/dvdisaster", (int)n, path) < size &&
                    access(ret, X_OK) == 0)
                        return 0;
        }
        return -ENOPKG;
}

int disc_coder_look(void)
{
        char program[PATH_MAX];

        return program_find(program, sizeof(program));
}

/* CPU time, and the least of what it may take at all. */
static rlim_t seconds_for(int64_t sectors)
{
        return SECONDS_AT_LEAST + (rlim_t)(sectors * BURNER_SECTOR >> 20);
}

/* --- the process: until it is dvdisaster --- */

#define ALLOW(name)                              \
        {                                        \
                .syscall = (name), .allow = true \
        }

/* What dvdisaster and the libraries behind it do to begin, to read and write one file, and to end. */
static const struct sandbox_rule rules[] = {
                ALLOW("execve"), /* this process's own; Landlock leaves few programs */
                ALLOW("open"),
                ALLOW("openat"),
                ALLOW("close"),
                ALLOW("read"),
                ALLOW("readv"),
                ALLOW("pread64"),
                ALLOW("write"),
                ALLOW("writev"),
                ALLOW("pwrite64"),
                ALLOW("lseek"),
                ALLOW("_llseek"),
                ALLOW("ftruncate"),
                ALLOW("ftruncate64"),
                ALLOW("fsync"),
                ALLOW("fdatasync"),
                ALLOW("fadvise64"),
                ALLOW("fadvise64_64"),
                ALLOW("stat"),
                ALLOW("stat64"),
                ALLOW("lstat"),
                ALLOW("lstat64"),
                ALLOW("fstat"),
                ALLOW("fstat64"),
                ALLOW("newfstatat"),
                ALLOW("fstatat64"),
                ALLOW("statx"),
                ALLOW("statfs"),
                ALLOW("statfs64"),
                ALLOW("fstatfs"),
                ALLOW("fstatfs64"),
                ALLOW("access"),
                ALLOW("faccessat"),
                ALLOW("faccessat2"),
                ALLOW("readlink"),
                ALLOW("readlinkat"),
                ALLOW("getdents64"),
                ALLOW("getcwd"),
                ALLOW("fcntl"),
                ALLOW("fcntl64"),
                ALLOW("dup"),
                ALLOW("eventfd2"),
                ALLOW("poll"),
                ALLOW("ppoll"),
                {"ioctl", .action = SANDBOX_ENOTTY},
                ALLOW("brk"),
                ALLOW("mmap"),
                ALLOW("mmap2"),
                ALLOW("mprotect"),
                ALLOW("mremap"),
                ALLOW("munmap"),
                ALLOW("madvise"),
                ALLOW("futex"),
                ALLOW("futex_time64"),
                ALLOW("clock_gettime"),
                ALLOW("clock_gettime64"),
                ALLOW("clock_getres"),
                ALLOW("clock_nanosleep"),
                ALLOW("clock_nanosleep_time64"),
                ALLOW("nanosleep"),
                ALLOW("gettimeofday"),
                ALLOW("time"),
                ALLOW("uname"),
                ALLOW("sysinfo"),
                ALLOW("getrandom"),
                ALLOW("getpid"),
                ALLOW("gettid"),
                ALLOW("getuid"),
                ALLOW("geteuid"),
                ALLOW("getgid"),
                ALLOW("getegid"),
                ALLOW("getrusage"),
                ALLOW("rt_sigaction"),
                ALLOW("rt_sigprocmask"),
                ALLOW("rt_sigreturn"),
                ALLOW("sigaltstack"),
                ALLOW("restart_syscall"),
                ALLOW("arch_prctl"),
                ALLOW("set_tid_address"),
                ALLOW("set_robust_list"),
                ALLOW("rseq"),
                ALLOW("sched_yield"),
                ALLOW("sched_getaffinity"),
                /* its own limits, and not another's */
                {"prlimit64", .allow = true, .argument = 0, .mask = UINT32_MAX, .value = 0},
                /* threads, and no processes; what clone3() makes cannot be seen here */
                {"clone", .allow = true, .argument = 0, .mask = CLONE_THREAD, .value = CLONE_THREAD},
                {"clone3", .action = SANDBOX_ENOSYS},
                ALLOW("exit"),
                ALLOW("exit_group"),
};

/* Programs and libraries of the system, dvdisaster itself where it is none of them, and the image. */
static int paths_restrict(struct sandbox_state *state)
{
        static const struct {
                const char *path;
                bool is_folder;
        } libraries[] = {{"/usr", true},
                         {"/lib", true},
                         {"/lib64", true},
                         {"/bin", true},
                         {"/etc/ld.so.cache", false}};
        struct sandbox_path paths[ELEMENTSOF(libraries) + 2] = {{.fd = IMAGE_FD, .writable = true},
                                                                {.fd = PROGRAM_FD, .executable = true}};
        size_t n = 2;

        for (size_t i = 0; i < ELEMENTSOF(libraries); i++) {
                int fd = open(libraries[i].path, O_PATH | O_CLOEXEC);

                if (fd >= 0) /* what is not there is not needed */
                        paths[n++] = (struct sandbox_path){.fd = fd,
                                                           .is_folder = libraries[i].is_folder,
                                                           .executable = libraries[i].is_folder};
        }
        return sandbox_landlock_paths(paths, n, state);
}

static int limit(int resource, rlim_t value)
{
        const struct rlimit both = {value, value};

        return setrlimit((__rlimit_resource_t)resource, &both) < 0 ? -errno : 0;
}

/* Whatever it makes of its orders, it does not fill the disk, and it ends. */
static int limits_set(int64_t sectors)
{
        int r = limit(RLIMIT_CORE, 0);

        if (r >= 0)
                r = limit(RLIMIT_FSIZE, (rlim_t)(sectors * BURNER_SECTOR));
        if (r >= 0)
                r = limit(RLIMIT_CPU, seconds_for(sectors));
        return r;
}

static int process_restrict(int64_t sectors)
{
        struct sandbox_state state = {.landlock_abi = 0};
        int r = limits_set(sectors);

        if (r >= 0)
                r = sandbox_no_new_privs(&state);
        if (r >= 0)
                r = paths_restrict(&state);
        if (r >= 0)
                r = sandbox_seccomp_program(rules, ELEMENTSOF(rules), &state);
        return r;
}

/* A path of the program's own that nobody can give another file, since the image has no name. */
static _Noreturn void process_become(const char *program, int64_t sectors)
{
        static char name[] = "dvdisaster", in[] = "-i", method[] = "-mRS02", size[] = "-n", create[] = "-c";
        static char path[] = "PATH=/usr/bin:/bin", locale[] = "LC_ALL=C", home[] = "HOME=/nonexistent";
        char image[32], total[24];
        char *const arguments[] = {name, in, image, method, size, total, create, NULL};
        char *const environment[] = {path, locale, home, NULL};

        (void)snprintf(image, sizeof(image), "/proc/self/fd/%d", IMAGE_FD);
        (void)snprintf(total, sizeof(total), "%" PRId64, sectors);
        /* Last: to an address sanitizer it leaves nothing. */
        if (limit(RLIMIT_AS, MEMORY_MAX) >= 0)
                (void)execve(program, arguments, environment);
        _exit(errno == ENOENT ? NOT_FOUND : NOT_STARTED);
}

/* 0 and its sectors, with the image in its place; else nobody wants anything any more. */
static int order_receive(int64_t *ret_sectors)
{
        struct message m = {.fd = -EBADF};
        const struct order *order;
        int r = message_receive(SOCKET_FD, &m, -1);

        order = message_payload(&m, sizeof(*order));
        if (r != MESSAGE_RECEIVED || m.type != MESSAGE_CODE || !order || m.fd < 0 ||
            dup2(m.fd, IMAGE_FD) < 0)
                return -EBADMSG;
        *ret_sectors = order->sectors;
        (void)fd_close(SOCKET_FD);
        message_done(&m);
        return 0;
}

/* It has the memory of its maker, but none of its descriptors. */
static _Noreturn void process_run(int socket, const char *program, pid_t parent)
{
        int64_t sectors = 0;
        int null = open("/dev/null", O_RDWR), binary = open(program, O_PATH);

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || null < 0 || binary < 0)
                _exit(NOT_STARTED);
        /* Out of the way first: each may be in another's place. */
        socket = fcntl(socket, F_DUPFD, IMAGE_FD + 1);
        null = fcntl(null, F_DUPFD, IMAGE_FD + 1);
        binary = fcntl(binary, F_DUPFD, IMAGE_FD + 1);
        if (dup3(socket, SOCKET_FD, O_CLOEXEC) < 0 || dup3(binary, PROGRAM_FD, O_CLOEXEC) < 0)
                _exit(NOT_STARTED);
        /* It prints a line for each step, and no more than that on an error. */
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
                if (dup2(null, fd) < 0)
                        _exit(NOT_STARTED);
        (void)close_range(PROGRAM_FD + 1, ~0U, 0);
        (void)signal(SIGPIPE, SIG_DFL);
        (void)signal(SIGXFSZ, SIG_DFL);
        (void)disk_yield();
        if (order_receive(&sectors) < 0)
                _exit(EXIT_SUCCESS);
        if (process_restrict(sectors) < 0)
                _exit(NOT_STARTED);
        process_become(program, sectors);
}

/* --- its maker --- */

int disc_coder_new(struct disc_coder **ret)
{
        _cleanup_(disc_coder_freep) struct disc_coder *c = calloc(1, sizeof(*c));
        _cleanup_close_ int theirs = -EBADF;
        char program[PATH_MAX];
        pid_t parent = getpid();
        int fds[2], r = c ? program_find(program, sizeof(program)) : -ENOMEM;

        if (c)
                c->socket = c->pidfd = -EBADF;
        if (r >= 0)
                r = message_socketpair(fds);
        if (r < 0)
                return r;
        c->socket = fds[0];
        theirs = fds[1];
        c->pid = fork();
        if (c->pid == 0)
                process_run(theirs, program, parent);
        if (c->pid < 0)
                return -errno;
        c->pidfd = pidfd_open(c->pid, 0);
        if (c->pidfd < 0)
                return -errno;
        *ret = TAKE_PTR(c);
        return 0;
}

/* True when it has ended and is not there any more; 'si' is how. */
static bool process_reap(struct disc_coder *c, siginfo_t *si, int flags)
{
        int r;

        do {
                *si = (siginfo_t){.si_signo = 0};
                r = waitid(P_PIDFD, (id_t)c->pidfd, si, WEXITED | flags);
        } while (r < 0 && errno == EINTR);
        c->ended = c->ended || r < 0 || si->si_signo == SIGCHLD;
        return c->ended;
}

static void process_signal(const struct disc_coder *c, int signal)
{
        (void)pidfd_send_signal(c->pidfd, signal, NULL, 0);
}

void disc_coder_free(struct disc_coder *c)
{
        siginfo_t si;

        if (!c)
                return;
        (void)fd_close(c->socket);
        if (c->pidfd >= 0 && !c->ended) {
                process_signal(c, SIGKILL);
                (void)process_reap(c, &si, 0);
        }
        (void)fd_close(c->pidfd);
        free(c);
}

static int result_of(const siginfo_t *si)
{
        if (si->si_code == CLD_EXITED && si->si_status == 0)
                return 0;
        log_debug("dvdisaster ended with %s %d", si->si_code == CLD_EXITED ? "status" : "signal",
                  si->si_status);
        return si->si_code == CLD_EXITED && si->si_status == NOT_FOUND ? -ENOPKG : -EIO;
}

/* Turns are counted and not time: of those that on_turn makes longer it has nothing. */
static int process_follow(struct disc_coder *c, int64_t turns, int (*on_turn)(void *userdata),
                          void *userdata)
{
        struct pollfd end = {.fd = c->pidfd, .events = POLLIN};
        siginfo_t si;
        int r;

        while (!process_reap(c, &si, WNOHANG)) {
                if (turns-- <= 0)
                        return -ETIME;
                process_signal(c, SIGSTOP);
                r = on_turn(userdata);
                if (r != 0)
                        return -ECANCELED;
                process_signal(c, SIGCONT);
                (void)poll(&end, 1, TURN_MS);
        }
        return result_of(&si);
}

int disc_coder_run(struct disc_coder *c, int file, int64_t sectors, int (*on_turn)(void *userdata),
                   void *userdata)
{
        const struct order order = {.sectors = sectors};
        int r = message_send(c->socket, MESSAGE_CODE, &order, sizeof(order), file, SEND_TIMEOUT_MS);

        if (r < 0)
                return r == -EAGAIN ? -EPIPE : r;
        return process_follow(c, (int64_t)seconds_for(sectors) * WAITING_TIMES * TURNS_PER_SECOND, on_turn,
                              userdata);
}
