// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Children and their ends. The pipe is the only thing waited for: it ends when the child does, however it
 * does. Then the child is killed (it may have closed the pipe and gone on) and reaped. Invariant: a slot
 * with a pid has a pipe, and its deadline is set.
 */
#include "daemon/inspect/inspect_jobs.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/inspect/inspect_child.h"
#include "media/findings.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define TIMEOUT_MIN_S    60
#define TIMEOUT_MAX_S    86400
#define BYTES_PER_SECOND (INT64_C(4) * 1024 * 1024)
#define CHILD_MEMORY     (UINT64_C(768) * 1024 * 1024) /* on top of what the libraries have mapped already */

struct job {
        bool used;
        uint64_t order; /* of arrival */
        struct inspect_request request;
        int fd;
        pid_t pid; /* 0: waiting for its turn */
        int pipe;
        int64_t deadline; /* clock_monotonic() */
        bool timed_out;
        size_t received;
        struct inspect_result result;
};

struct jobs {
        unsigned int parallel;
        jobs_result_fn *on_result;
        void *userdata;
        uint64_t last_order;
        uint64_t memory_bytes;
        struct job slots[INSPECT_JOBS_MAX];
};

/* Address space that the process has now, 0 when unknown: the limit then is CHILD_MEMORY alone. */
static uint64_t address_space(void)
{
        _cleanup_fclose_ FILE *f = fopen("/proc/self/statm", "re");
        unsigned long pages;

        if (!f || fscanf(f, "%lu", &pages) != 1)
                return 0;
        return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

int jobs_new(struct jobs **ret, unsigned int parallel, jobs_result_fn *on_result, void *userdata)
{
        struct jobs *j;

        if (parallel < 1 || parallel > INSPECT_JOBS_MAX)
                return -EINVAL;
        j = calloc(1, sizeof(*j));
        if (!j)
                return -ENOMEM;
        j->parallel = parallel;
        j->on_result = on_result;
        j->userdata = userdata;
        j->memory_bytes = address_space() + CHILD_MEMORY;
        *ret = j;
        return 0;
}

static void job_clear(struct job *job)
{
        if (job->pid > 0) {
                (void)kill(job->pid, SIGKILL);
                (void)waitpid(job->pid, NULL, 0);
                (void)fd_close(job->pipe);
        }
        (void)fd_close(job->fd);
        *job = (struct job){.fd = -EBADF, .pipe = -EBADF};
}

void jobs_free(struct jobs *j)
{
        if (!j)
                return;
        for (size_t i = 0; i < INSPECT_JOBS_MAX; i++)
                if (j->slots[i].used)
                        job_clear(&j->slots[i]);
        free(j);
}

static struct job *slot_unused(struct jobs *j)
{
        for (size_t i = 0; i < INSPECT_JOBS_MAX; i++)
                if (!j->slots[i].used)
                        return &j->slots[i];
        return NULL;
}

bool jobs_full(const struct jobs *j)
{
        for (size_t i = 0; i < INSPECT_JOBS_MAX; i++)
                if (!j->slots[i].used)
                        return false;
        return true;
}

bool jobs_empty(const struct jobs *j)
{
        for (size_t i = 0; i < INSPECT_JOBS_MAX; i++)
                if (j->slots[i].used)
                        return false;
        return true;
}

unsigned int jobs_timeout_s(const struct inspect_request *request)
{
        int64_t by_size = request->size / BYTES_PER_SECOND;

        if (request->timeout_s > 0)
                return MIN(request->timeout_s, (uint32_t)TIMEOUT_MAX_S);
        return (unsigned int)MIN(MAX(by_size, (int64_t)TIMEOUT_MIN_S), (int64_t)TIMEOUT_MAX_S);
}

static int job_start(const struct jobs *j, struct job *job)
{
        unsigned int timeout_s = jobs_timeout_s(&job->request);
        int ends[2];
        pid_t pid;

        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        pid = fork();
        if (pid == 0)
                inspect_child_run(&job->request, job->fd, ends[1], j->memory_bytes, timeout_s);
        (void)fd_close(ends[1]);
        if (pid < 0) {
                int error = -errno;

                (void)fd_close(ends[0]);
                return error;
        }
        job->pid = pid;
        job->pipe = ends[0];
        job->deadline = clock_monotonic() + timeout_s * USEC_PER_SEC;
        job->fd = fd_close(job->fd);
        return 0;
}

static void result_begin(const struct job *job, struct inspect_result *result)
{
        *result = (struct inspect_result){
                        .job = job->request.job,
                        .duration = -1,
                        .created = INSTANT_NONE,
        };
}

static bool text_ok(char *text, size_t size)
{
        if (!memchr(text, '\0', size))
                return false;
        text_make_printable(text);
        return true;
}

int inspect_result_sanitize(const struct inspect_request *request, struct inspect_result *result)
{
        struct inspect_result r = *result;

        if (r.error > 0 || r.error < -4095 || r.verdict >= _VERDICT_MAX || r.kind >= _MEDIA_KIND_MAX)
                return -EBADMSG;
        if (r.digested > 1 || r.uncached > 1 || r.digests.has_sm3 > 1 || r.size < 0 || r.duration < -1)
                return -EBADMSG;
        if (r.digested && (request->flags & INSPECT_WITH_SM3) && !r.digests.has_sm3)
                return -EBADMSG;
        if (!text_ok(r.container, sizeof(r.container)) || !text_ok(r.codecs, sizeof(r.codecs)) ||
            !text_ok(r.reasons, sizeof(r.reasons)))
                return -EBADMSG;
        r.job = request->job;
        memset(r.reserved, 0, sizeof(r.reserved));
        *result = r;
        return 0;
}

/* What became of a child that gave no result to be believed. */
static enum finding end_to_finding(const struct job *job, int status, const struct rusage *usage)
{
        uint64_t peak = (uint64_t)usage->ru_maxrss * 1024;

        if (job->timed_out || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
                return FINDING_TIMED_OUT;
        /* Nobody else kills it but the kernel's out-of-memory killer; and libraries that get no memory
         * crash. */
        if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || peak > CHILD_MEMORY / 4 * 3))
                return FINDING_OUT_OF_MEMORY;
        return FINDING_CRASHED;
}

static void result_from_end(const struct job *job, enum finding end, struct inspect_result *result)
{
        result_begin(job, result);
        /* A digest alone has no verdict to give: it failed. */
        if (job->request.flags & INSPECT_DIGEST_ONLY) {
                result->error = end == FINDING_TIMED_OUT ? -ETIMEDOUT : -ECHILD;
                return;
        }
        result->verdict = VERDICT_UNREADABLE;
        (void)text_copy(result->reasons, sizeof(result->reasons), finding_text(end));
}

/* The pipe has ended or time is up: the child is gone after this, and its slot free. */
static int job_finish(const struct jobs *j, struct job *job)
{
        struct inspect_result result = job->result;
        struct rusage usage = {0};
        int status = 0;

        (void)kill(job->pid, SIGKILL);
        while (wait4(job->pid, &status, 0, &usage) < 0 && errno == EINTR)
                ;
        job->pid = 0;
        job->pipe = fd_close(job->pipe);
        if (job->timed_out || job->received != sizeof(result) || !WIFEXITED(status) ||
            WEXITSTATUS(status) != 0 || inspect_result_sanitize(&job->request, &result) < 0)
                result_from_end(job, end_to_finding(job, status, &usage), &result);
        result.child_peak_kib = (uint32_t)usage.ru_maxrss;
        job_clear(job);
        return j->on_result(j->userdata, &result);
}

/* Reads what is there. Returns 1 when the pipe has ended, or holds more than a result. */
static int job_receive(struct job *job)
{
        for (;;) {
                char excess;
                bool full = job->received == sizeof(job->result);
                ssize_t n = full ? read(job->pipe, &excess, 1)
                                 : read(job->pipe, (char *)&job->result + job->received,
                                        sizeof(job->result) - job->received);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return 0;
                if (n > 0 && full)
                        job->received = 0; /* too much is as bad as too little */
                if (n <= 0 || full)
                        return 1;
                job->received += (size_t)n;
        }
}

int jobs_add(struct jobs *j, const struct inspect_request *request, int fd)
{
        struct job *job = slot_unused(j);

        if (!job) {
                (void)fd_close(fd);
                return -ENOBUFS;
        }
        *job = (struct job){.used = true,
                            .order = ++j->last_order,
                            .request = *request,
                            .fd = fd,
                            .pipe = -EBADF};
        return 0;
}

size_t jobs_pollfds(const struct jobs *j, struct pollfd *fds)
{
        size_t n = 0;

        for (size_t i = 0; i < INSPECT_JOBS_MAX; i++)
                if (j->slots[i].pid > 0)
                        fds[n++] = (struct pollfd){.fd = j->slots[i].pipe, .events = POLLIN};
        return n;
}

int jobs_timeout_ms(const struct jobs *j)
{
        int64_t next = INT64_MAX, left;

        for (size_t i = 0; i < INSPECT_JOBS_MAX; i++)
                if (j->slots[i].pid > 0)
                        next = MIN(next, j->slots[i].deadline);
        if (next == INT64_MAX)
                return -1;
        left = MAX(next - clock_monotonic(), 0) / USEC_PER_MSEC + 1;
        return (int)MIN(left, (int64_t)INT32_MAX);
}

static struct job *next_waiting(struct jobs *j)
{
        struct job *next = NULL;
        unsigned int running = 0;

        for (size_t i = 0; i < INSPECT_JOBS_MAX; i++) {
                struct job *job = &j->slots[i];

                running += job->pid > 0;
                if (job->used && job->pid == 0 && (!next || job->order < next->order))
                        next = job;
        }
        return running < j->parallel ? next : NULL;
}

/* A child that cannot be made is answered, so that recdockd may ask again. */
static int waiting_start(struct jobs *j)
{
        struct job *job;

        while ((job = next_waiting(j))) {
                int r = job_start(j, job);

                if (r < 0) {
                        struct inspect_result result;

                        result_begin(job, &result);
                        result.error = r;
                        job_clear(job);
                        r = j->on_result(j->userdata, &result);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

int jobs_dispatch(struct jobs *j)
{
        for (size_t i = 0; i < INSPECT_JOBS_MAX; i++) {
                struct job *job = &j->slots[i];
                int r;

                if (job->pid == 0)
                        continue;
                r = job_receive(job);
                job->timed_out = r == 0 && clock_monotonic() >= job->deadline;
                if (r == 0 && !job->timed_out)
                        continue;
                r = job_finish(j, job);
                if (r < 0)
                        return r;
        }
        return waiting_start(j);
}
