// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One file, one process. What needs rights (writing back, dropping pages, loading digests) comes before the
 * lock, and before the first byte of the file is looked at; what parses comes after it. The parent takes
 * nothing on trust that is written here.
 */
#include "daemon/inspect/inspect_child.h"
#include "base/cleanup.h"
#include "base/inject.h"
#include "base/text.h"
#include "base/disk_read.h"
#include "daemon/inspect/inspect_inject.h"
#include "daemon/inspect/inspect_sandbox.h"
#include "media/media_check.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

DEFINE_CLEANUP(struct digest *, digest_free);
DEFINE_CLEANUP(struct digest_lane *, digest_lane_free);

/* A smaller file is digested in less time than it takes to start a thread for it and to hand it over. */
static const int64_t lane_worthwhile = INT64_C(4) << 20;

/* A sanitizer's report goes to standard error; a production child has no use for it. */
#define FIRST_CLOSED (RECDOCK_SANITIZED ? 3U : 0U)

static void close_range_of(unsigned int first, unsigned int last)
{
        if (first <= last)
                (void)close_range(first, last, 0);
}

static void close_all_but(int a, int b)
{
        unsigned int low = (unsigned int)MIN(a, b), high = (unsigned int)MAX(a, b);

        if (low > FIRST_CLOSED)
                close_range_of(FIRST_CLOSED, low - 1);
        close_range_of(low + 1, high - 1);
        close_range_of(high + 1, ~0U);
}

static int file_size(int fd, int64_t *ret)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        *ret = st.st_size;
        return 0;
}

static void result_fill(const struct media_report *report, struct inspect_result *result)
{
        result->verdict = report->verdict;
        result->kind = report->kind;
        result->duration = report->duration;
        result->created = report->created;
        (void)text_copy(result->container, sizeof(result->container), report->container);
        (void)text_copy(result->codecs, sizeof(result->codecs), report->codecs);
        (void)findings_text(&report->findings, result->reasons, sizeof(result->reasons));
}

/* Everything that needs rights. */
static int prepare(const struct inspect_request *request, int fd, struct digest **ret_digest,
                   int64_t *ret_size, bool *ret_uncached)
{
        int r = file_size(fd, ret_size);

        if (r >= 0 && request->flags & INSPECT_SYNC)
                r = disk_read_prepare(fd, *ret_size, ret_uncached);
        if (r >= 0)
                r = digest_new(ret_digest, request->flags & INSPECT_WITH_SM3);
        return r;
}

/* The digest's thread stands between the two locks: it has no path, and the filter is loaded for it too. */
static int lock_in(struct digest *digest, int64_t size, uint64_t memory_bytes, unsigned int timeout_s,
                   struct digest_lane **ret_lane)
{
        struct sandbox_state state = {0};
        int r = inspect_limit_child(&state, memory_bytes, timeout_s);

        if (r >= 0 && size >= lane_worthwhile)
                r = digest_lane_new(ret_lane, digest);
        if (r == -EAGAIN)
                r = 0; /* no more threads to be had: it takes longer, and proves the same */
        return r < 0 ? r : inspect_lock_child(&state);
}

static int check(const struct inspect_request *request, int fd, int result_fd, uint64_t memory_bytes,
                 unsigned int timeout_s, struct inspect_result *result)
{
        _cleanup_(digest_freep) struct digest *digest = NULL;
        struct media_report report = {.duration = -1, .created = INSTANT_NONE};
        _cleanup_(digest_lane_freep) struct digest_lane *lane = NULL;
        struct media_source source = {.fd = fd, .name = request->name};
        bool uncached = false;
        int r = prepare(request, fd, &digest, &source.size, &uncached);

        if (r >= 0)
                r = lock_in(digest, source.size, memory_bytes, timeout_s, &lane);
        if (r < 0)
                return r;
        inspect_inject(request, result_fd);
        source.digest = digest;
        source.lane = lane;
        if (!(request->flags & INSPECT_DIGEST_ONLY))
                inject_point("inspect-walk");
        r = request->flags & INSPECT_DIGEST_ONLY ? media_digest(&source, &report)
                                                 : media_check(&source, &report);
        if (r >= 0 && report.digested)
                r = digest_peek(digest, &result->digests);
        if (r < 0)
                return r;
        result->digested = report.digested;
        result->uncached = uncached;
        result->size = source.size;
        result_fill(&report, result);
        return 0;
}

_Noreturn void inspect_child_run(const struct inspect_request *request, int fd, int result_fd,
                                 uint64_t memory_bytes, unsigned int timeout_s)
{
        struct inspect_result result = {.job = request->job, .duration = -1, .created = INSTANT_NONE};
        ssize_t n;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        close_all_but(fd, result_fd);
        result.error = check(request, fd, result_fd, memory_bytes, timeout_s, &result);
        /* Less than PIPE_BUF: all or nothing. */
        n = write(result_fd, &result, sizeof(result));
        _exit(n == (ssize_t)sizeof(result) ? 0 : 1);
}
