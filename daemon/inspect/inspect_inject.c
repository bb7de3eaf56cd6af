// SPDX-License-Identifier: LGPL-2.1-or-later
/* A child's misdeeds for tests; see inspect_inject.h. */
#include "daemon/inspect/inspect_inject.h"

#if RECDOCK_INJECTION
#include "base/cleanup.h"
#include "base/text.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define GLUTTONY_STEP (16UL * 1024 * 1024)

/* Takes memory until there is none, and then does what a careless library does with a NULL. */
static void eat_memory(void)
{
        for (;;) {
                char *p = malloc(GLUTTONY_STEP);

                memset(p, 1, GLUTTONY_STEP);
        }
}

static bool try_open(void)
{
        return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool try_socket(void)
{
        return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool try_exec(void)
{
        return execl("/bin/true", "true", (char *)NULL) == 0;
}

static bool try_fork(void)
{
        return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) >= 0;
}

static bool try_executable_memory(void)
{
        return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
               MAP_FAILED;
}

static int compare(const void *a, const void *b)
{
        return *(const int *)a - *(const int *)b;
}

/* No escape, but what a demuxer does: the C library asks how much memory there is, and must live with no
 * answer. */
static bool try_long_sort(void)
{
        int values[1000];

        for (int i = 0; i < (int)ELEMENTSOF(values); i++)
                values[i] = -i;
        qsort(values, ELEMENTSOF(values), sizeof(values[0]), compare);
        return values[0] != 1 - (int)ELEMENTSOF(values);
}

static const struct {
        const char *action;
        bool (*try_it)(void);
} escapes[] = {
                {"open", try_open}, {"socket", try_socket},         {"exec", try_exec},
                {"fork", try_fork}, {"jit", try_executable_memory}, {"sort", try_long_sort},
};

/* "escaped" in a result is what no test may ever see; "refused" is the errno of a call that is denied
 * without dying. */
_Noreturn static void outcome_write(const struct inspect_request *request, int result_fd,
                                    const char *outcome)
{
        struct inspect_result result = {
                        .job = request->job,
                        .verdict = VERDICT_DAMAGED,
                        .duration = -1,
                        .created = INSTANT_NONE,
        };

        (void)text_copy(result.reasons, sizeof(result.reasons), outcome);
        _exit(write(result_fd, &result, sizeof(result)) == (ssize_t)sizeof(result) ? 0 : 1);
}

/* Whether a descriptor that is not this file's can be read: another file's, or recdockd's socket. */
static bool has_other_descriptor(int result_fd)
{
        unsigned int readable = 0;
        char byte;

        for (int fd = RECDOCK_SANITIZED ? 3 : 0; fd < 256; fd++)
                if (fd != result_fd && (pread(fd, &byte, 1, 0) >= 0 || errno != EBADF))
                        readable++;
        return readable != 1;
}

/* Waits for ever without using the processor, as for a disk that has died. */
_Noreturn static void wait_for_ever(void)
{
        int never = 0;

        for (;;)
                (void)syscall(SYS_futex, &never, 0 /* FUTEX_WAIT */, 0, NULL, NULL, 0);
}

/* A believable result, and then a death, or more than a result. */
_Noreturn static void result_write_badly(const struct inspect_request *request, int result_fd, bool excess)
{
        struct inspect_result result = {.job = request->job,
                                        .verdict = VERDICT_COMPLETE,
                                        .duration = -1,
                                        .created = INSTANT_NONE};
        bool written = write(result_fd, &result, sizeof(result)) == (ssize_t)sizeof(result);

        if (excess)
                written = write(result_fd, &result, 1) == 1;
        _exit(excess && written ? 0 : 1);
}

/* A result that no honest child writes: numbers out of range, texts without an end. */
_Noreturn static void garbage_write(int result_fd)
{
        struct inspect_result result;

        memset(&result, 0xff, sizeof(result));
        _exit(write(result_fd, &result, sizeof(result)) == (ssize_t)sizeof(result) ? 0 : 1);
}

void inspect_inject(const struct inspect_request *request, int result_fd)
{
        const char *variable = getenv("RECDOCK_INSPECT_INJECT"), *name;
        char action[32];

        if (!variable)
                return;
        name = strchr(variable, ':');
        if (name && strcmp(name + 1, request->name) != 0)
                return;
        (void)snprintf(action, sizeof(action), "%.*s", (int)strcspn(variable, ":"), variable);
        if (strcmp(action, "crash") == 0)
                __builtin_trap();
        if (strcmp(action, "hang") == 0)
                for (volatile unsigned int i = 0;; i++)
                        ;
        if (strcmp(action, "memory") == 0)
                eat_memory();
        if (strcmp(action, "garbage") == 0)
                garbage_write(result_fd);
        if (strcmp(action, "wait") == 0)
                wait_for_ever();
        if (strcmp(action, "excess") == 0 || strcmp(action, "failure") == 0)
                result_write_badly(request, result_fd, action[0] == 'e');
        if (strcmp(action, "descriptors") == 0)
                outcome_write(request, result_fd, has_other_descriptor(result_fd) ? "escaped" : "refused");
        for (size_t i = 0; i < ELEMENTSOF(escapes); i++)
                if (strcmp(action, escapes[i].action) == 0)
                        outcome_write(request, result_fd, escapes[i].try_it() ? "escaped" : "refused");
}
#endif
