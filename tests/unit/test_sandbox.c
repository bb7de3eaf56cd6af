// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sandboxes, seen from inside: a child locks itself in, tries something, and dies of it, or is refused. Each
 * attempt is also made without the lock, since a call that fails anyway would prove nothing.
 */
#include "base/cleanup.h"
#include "base/sandbox.h"
#include "daemon/offload/lockdown.h"
#include "daemon/offload/part_writer.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { DONE = 0, REFUSED = 10, BROKEN = 99 };

/* Runs in a child. Returns DONE, or REFUSED when the kernel said no. */
typedef int attempt_fn(void);

/* The child's exit status, or minus the signal it died of. */
static int child_run(int (*lock)(void), attempt_fn *attempt)
{
        pid_t pid = fork();
        int status;

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                const struct rlimit none = {0};

                (void)setrlimit(RLIMIT_CORE, &none);
                _exit(lock && lock() < 0 ? BROKEN : attempt());
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* --- locks
 * ---------------------------------------------------------------------------------------------------------
 */

static int lock_paths(void)
{
        struct sandbox_state state = {0};
        int r = sandbox_no_new_privs(&state);

        if (r == 0)
                r = sandbox_landlock_nothing(&state);
        return r;
}

/* The worker's own. */
static int lock_offload(void)
{
        struct sandbox_state state = {0};
        int r = lockdown_paths(&state);

        return r < 0 ? r : lockdown_calls(LOCKDOWN_USB, &state);
}

/* The one that offloads what is imported. */
static int lock_offload_files(void)
{
        struct sandbox_state state = {0};
        int r = lockdown_paths(&state);

        return r < 0 ? r : lockdown_calls(LOCKDOWN_FILES, &state);
}

static int lock_paths_of_offload(void)
{
        struct sandbox_state state = {0};

        return lockdown_paths(&state);
}

static int lock_with_answers(void)
{
        static const struct sandbox_rule rules[] = {
                        {"exit_group", .allow = true},
                        {"openat", SANDBOX_EACCES},
                        {"ioctl", SANDBOX_ENOTTY},
                        {"socket", SANDBOX_KILL},
                        {"no_such_call_anywhere", .allow = true},
        };
        struct sandbox_state state = {0};
        int r = sandbox_no_new_privs(&state);

        return r < 0 ? r : sandbox_seccomp(rules, ELEMENTSOF(rules), &state);
}

/* --- attempts
 * ------------------------------------------------------------------------------------------------------ */

static int try_open(void)
{
        return open("/proc/self/status", O_RDONLY | O_CLOEXEC) < 0 ? REFUSED : DONE;
}

static int try_write(void)
{
        return open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) < 0 ? REFUSED : DONE;
}

static int try_socket(void)
{
        return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 ? REFUSED : DONE;
}

static int try_exec(void)
{
        (void)execl("/bin/true", "true", (char *)NULL);
        return REFUSED;
}

static int try_fork(void)
{
        pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

        if (pid == 0)
                _exit(0);
        return pid < 0 ? REFUSED : DONE;
}

static void *thread_main(void *userdata)
{
        return userdata;
}

static int try_thread(void)
{
        pthread_t thread;

        if (pthread_create(&thread, NULL, thread_main, NULL) != 0)
                return REFUSED;
        return pthread_join(thread, NULL) == 0 ? DONE : BROKEN;
}

static int try_ptrace(void)
{
        return syscall(SYS_ptrace, 0, 0, NULL, NULL) < 0 ? REFUSED : DONE;
}

static int try_kill(void)
{
        return kill(1, 0) < 0 && errno != EPERM ? REFUSED : DONE;
}

static int try_executable_memory(void)
{
        return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
                               ? REFUSED
                               : DONE;
}

static int try_memory(void)
{
        return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
                               ? REFUSED
                               : DONE;
}

static int compare(const void *a, const void *b)
{
        return *(const int *)a - *(const int *)b;
}

/* As long as the listing of a full folder: the C library asks for the memory there is. */
static int try_long_sort(void)
{
        int values[1000];

        for (int i = 0; i < (int)ELEMENTSOF(values); i++)
                values[i] = -i;
        qsort(values, ELEMENTSOF(values), sizeof(values[0]), compare);
        return values[0] == 1 - (int)ELEMENTSOF(values) ? DONE : BROKEN;
}

/* Bytes waiting in a pipe: an ioctl that is not usbfs's. */
static int pipe_fds[2];

static int try_other_ioctl(void)
{
        int n = 0;

        return ioctl(pipe_fds[0], FIONREAD, &n) < 0 ? REFUSED : DONE;
}

/* The kernel refuses it on anything but a usbfs node; that it gets there is what counts. */
static int try_usbfs_ioctl(void)
{
        return ioctl(-1, USBDEVFS_CLAIMINTERFACE, NULL) < 0 && errno == EBADF ? DONE : REFUSED;
}

static int try_fstat(void)
{
        struct stat st;

        return fstat(pipe_fds[0], &st) < 0 ? REFUSED : DONE;
}

static int try_stat(void)
{
        struct stat st;

        return stat("/", &st) < 0 ? REFUSED : DONE;
}

static int try_answered_open(void)
{
        return open("/proc/self/status", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES ? REFUSED : DONE;
}

static int try_answered_ioctl(void)
{
        int n = 0;

        return ioctl(pipe_fds[0], FIONREAD, &n) < 0 && errno == ENOTTY ? REFUSED : DONE;
}

static int try_dump(void)
{
        return prctl(PR_GET_DUMPABLE) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? REFUSED : DONE;
}

/* --- tests
 * ---------------------------------------------------------------------------------------------------------
 */

struct expectation {
        const char *name;
        attempt_fn *attempt;
        int free;   /* without any lock */
        int locked; /* inside */
};

static void expectation_check(const struct expectation *e, int (*lock)(void))
{
        int is_free = child_run(NULL, e->attempt), is_locked = child_run(lock, e->attempt);

        ck_assert_msg(is_free == e->free, "%s outside: %d, expected %d", e->name, is_free, e->free);
        ck_assert_msg(is_locked == e->locked, "%s inside: %d, expected %d", e->name, is_locked, e->locked);
}

static const struct expectation paths[] = {
                {"open", try_open, DONE, REFUSED},  {"make a file", try_write, DONE, REFUSED},
                {"exec", try_exec, DONE, REFUSED},  {"memory", try_memory, DONE, DONE},
                {"thread", try_thread, DONE, DONE}, {"dump", try_dump, DONE, REFUSED},
};

static bool landlock_is_there(void)
{
        return syscall(SYS_landlock_create_ruleset, NULL, 0, 1U) > 0;
}

START_TEST(landlock_leaves_no_path)
{
        struct expectation e = paths[_i];

        /* Without it the kernel opens what it always opens, and the worker says so. */
        if (!landlock_is_there() &&
            (e.attempt == try_open || e.attempt == try_write || e.attempt == try_exec))
                e.locked = DONE;
        expectation_check(&e, lock_paths);
        expectation_check(&e, lock_paths_of_offload);
}
END_TEST

static const struct expectation calls[] = {
                {"open", try_open, DONE, -SIGSYS},
                {"make a file", try_write, DONE, -SIGSYS},
                {"socket", try_socket, DONE, -SIGSYS},
                {"exec", try_exec, DONE, -SIGSYS},
                {"fork", try_fork, DONE, -SIGSYS},
                {"thread", try_thread, DONE, -SIGSYS},
                {"ptrace", try_ptrace, DONE, -SIGSYS},
                {"kill", try_kill, DONE, -SIGSYS},
                {"executable memory", try_executable_memory, DONE, -SIGSYS},
                {"memory", try_memory, DONE, DONE},
                {"long sort", try_long_sort, DONE, DONE},
                {"ioctl of another kind", try_other_ioctl, DONE, -SIGSYS},
                {"ioctl of usbfs", try_usbfs_ioctl, DONE, DONE},
                {"look at an open file", try_fstat, DONE, -SIGSYS},
};

static const struct expectation file_calls[] = {
                {"open", try_open, DONE, -SIGSYS},
                {"socket", try_socket, DONE, -SIGSYS},
                {"ioctl of another kind", try_other_ioctl, DONE, -SIGSYS},
                {"ioctl of usbfs", try_usbfs_ioctl, DONE, -SIGSYS},
                {"look at an open file", try_fstat, DONE, DONE},
                {"look at a path", try_stat, DONE, -SIGSYS},
};

START_TEST(the_worker_of_imports_looks_at_what_is_open)
{
        expectation_check(&file_calls[_i], lock_offload_files);
}
END_TEST

START_TEST(the_worker_dies_of_a_call_it_does_not_need)
{
        expectation_check(&calls[_i], lock_offload);
}
END_TEST

static const struct expectation answers[] = {
                {"open", try_answered_open, DONE, REFUSED},
                {"ioctl", try_answered_ioctl, DONE, REFUSED},
                {"socket", try_socket, DONE, -SIGSYS},
};

START_TEST(a_rule_can_answer_instead_of_killing)
{
        expectation_check(&answers[_i], lock_with_answers);
}
END_TEST

/* Threads made before the filter are under it too. */
static pthread_barrier_t barrier;

static void *opener_main(void *userdata)
{
        (void)userdata;
        (void)pthread_barrier_wait(&barrier);
        _exit(try_open());
}

static int try_open_in_older_thread(int (*lock)(void))
{
        pthread_t thread;

        (void)pthread_barrier_init(&barrier, NULL, 2);
        if (pthread_create(&thread, NULL, opener_main, NULL) != 0 || (lock && lock() < 0))
                return BROKEN;
        (void)pthread_barrier_wait(&barrier);
        (void)pthread_join(thread, NULL);
        return BROKEN;
}

static int try_free_thread(void)
{
        return try_open_in_older_thread(NULL);
}

static int try_locked_thread(void)
{
        return try_open_in_older_thread(lock_offload);
}

START_TEST(the_filter_is_for_all_threads)
{
        ck_assert_int_eq(child_run(NULL, try_free_thread), DONE);
        ck_assert_int_eq(child_run(NULL, try_locked_thread), -SIGSYS);
}
END_TEST

/* --- the worker's own work, inside
 * --------------------------------------------------------------------------------- */

static void ignore_progress(void *userdata, int64_t bytes)
{
}

static void ignore_checkpoint(void *userdata, int64_t bytes, const uint8_t sha256[DIGEST_SIZE])
{
}

static int poll_ok(void *userdata)
{
        (void)userdata;
        return PART_OK;
}

/* A part through all its calls, between threads made as the worker makes them. */
static int part_work(struct part_writer *w, int fd)
{
        static uint8_t data[10 * 1024 * 1024];
        struct part_result whole, kept;

        if (part_begin(w, fd, true) != 0 || part_restart(w) != 0 || part_feed(w, data, sizeof(data)) != 0 ||
            part_complete(w, &whole) != 0)
                return BROKEN;
        if (part_begin(w, fd, true) != 0 || part_prefix(w, 4096, NULL) != 0 || part_feed(w, data, 77) != 0 ||
            part_keep(w, &kept) != 0)
                return BROKEN;
        return whole.size == (int64_t)sizeof(data) && kept.size == 4096 + 77 ? DONE : BROKEN;
}

static int try_work(void)
{
        const struct part_events events = {ignore_progress, ignore_checkpoint, poll_ok, NULL};
        struct sandbox_state state = {0};
        struct part_writer *w;
        int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), r;
        bool landlock = landlock_is_there();

        if (fd < 0 || lockdown_paths(&state) < 0 || part_writer_new(&w, &events) < 0 ||
            lockdown_calls(LOCKDOWN_USB, &state) < 0)
                return BROKEN;
        r = part_work(w, fd);
        part_writer_free(w);
        return state.no_new_privs && state.seccomp && (state.landlock_abi > 0) == landlock ? r : BROKEN;
}

START_TEST(the_worker_can_do_its_work)
{
        /* Many times: a thread that starts or ends in the filter's way does so only now and then. */
        for (int i = 0; i < 20; i++)
                ck_assert_int_eq(child_run(NULL, try_work), DONE);
}
END_TEST

static int try_tcp(void)
{
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        return bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 && errno == EACCES ? REFUSED : DONE;
}

START_TEST(landlock_leaves_no_tcp)
{
        int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1U);

        ck_assert_int_eq(child_run(NULL, try_tcp), DONE);
        ck_assert_int_eq(child_run(lock_paths, try_tcp), abi >= 4 ? REFUSED : DONE);
}
END_TEST

/* --- limits
 * --------------------------------------------------------------------------------------------------------
 */

static int lock_limits(void)
{
        return sandbox_limits(UINT64_C(512) * 1024 * 1024, 1);
}

static int try_spin(void)
{
        for (volatile unsigned int i = 0;; i++)
                ;
        return DONE;
}

static int try_much_memory(void)
{
        void *p = mmap(NULL, (size_t)1 << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        return p == MAP_FAILED ? REFUSED : DONE;
}

static int try_growing_file(void)
{
        int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        return fd >= 0 && write(fd, "x", 1) == 1 ? DONE : REFUSED;
}

START_TEST(limits_hold)
{
        static const struct expectation limits[] = {
                        {"much memory", try_much_memory, DONE, RECDOCK_SANITIZED ? DONE : REFUSED},
                        {"a file that grows", try_growing_file, DONE, -SIGXFSZ},
        };

        for (size_t i = 0; i < ELEMENTSOF(limits); i++)
                expectation_check(&limits[i], lock_limits);
        ck_assert_int_eq(child_run(lock_limits, try_spin), -SIGXCPU);
}
END_TEST

#ifdef __x86_64__
/* getpid(2) by its 32-bit number, which is that of another call here. */
static int try_other_architecture(void)
{
        long r;

        __asm__ volatile("int $0x80" : "=a"(r) : "0"(20L) : "memory", "r8", "r9", "r10", "r11");
        return r == getpid() ? DONE : REFUSED;
}

START_TEST(no_other_architecture)
{
        int is_free = child_run(NULL, try_other_architecture);

        /* A kernel without 32-bit calls kills by itself. */
        if (is_free == DONE)
                ck_assert_int_eq(child_run(lock_offload, try_other_architecture), -SIGSYS);
}
END_TEST
#endif

static Suite *suite(void)
{
        Suite *s = suite_create("sandbox");
        TCase *c = tcase_create("sandbox");

        tcase_set_timeout(c, 60);
        tcase_add_loop_test(c, landlock_leaves_no_path, 0, (int)ELEMENTSOF(paths));
        tcase_add_test(c, landlock_leaves_no_tcp);
        tcase_add_loop_test(c, the_worker_dies_of_a_call_it_does_not_need, 0, (int)ELEMENTSOF(calls));
        tcase_add_loop_test(c, the_worker_of_imports_looks_at_what_is_open, 0, (int)ELEMENTSOF(file_calls));
        tcase_add_loop_test(c, a_rule_can_answer_instead_of_killing, 0, (int)ELEMENTSOF(answers));
        tcase_add_test(c, the_filter_is_for_all_threads);
        tcase_add_test(c, the_worker_can_do_its_work);
        tcase_add_test(c, limits_hold);
#ifdef __x86_64__
        tcase_add_test(c, no_other_architecture);
#endif
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        SRunner *runner;
        int failed;

        if (pipe2(pipe_fds, O_CLOEXEC) < 0)
                return EXIT_FAILURE;
        runner = srunner_create(suite());
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
