// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The check for people and tests. The same children as in the service; only the parent differs, since it
 * opens the files by name. Results are kept until their turn, so that the output does not depend on which
 * child was faster.
 */
#include "daemon/inspect/check_command.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/inspect/inspect_jobs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum check_status {
        CHECK_COMPLETE = 0,
        CHECK_INCOMPLETE = 1,
        CHECK_FAILED = 2,
};

struct check_run {
        const struct check_options *options;
        char *const *files;
        size_t n_files;
        size_t next_printed;
        struct inspect_result *results;
        bool *done;
        int status;
};

DEFINE_CLEANUP(struct jobs *, jobs_free);
typedef json_object *json_object_ref;

static void json_release(json_object_ref object)
{
        (void)json_object_put(object);
}

DEFINE_CLEANUP(json_object_ref, json_release);

static void json_add_text(json_object *object, const char *key, const char *text)
{
        if (text[0] != '\0')
                (void)json_object_object_add(object, key, json_object_new_string(text));
}

static void json_add_digests(json_object *object, const struct digest_values *digests)
{
        char hex[DIGEST_HEX_SIZE];

        json_add_text(object, "sha256", text_hex(digests->sha256, DIGEST_SIZE, hex));
        if (digests->has_sm3)
                json_add_text(object, "sm3", text_hex(digests->sm3, DIGEST_SIZE, hex));
}

static void print_json(const char *file, const struct inspect_result *r)
{
        _cleanup_(json_releasep) json_object *object = json_object_new_object();
        char created[INSTANT_TEXT_MAX];

        json_add_text(object, "file", file);
        if (r->error < 0) {
                json_add_text(object, "error", strerror(-r->error));
        } else {
                json_add_text(object, "verdict", media_verdict_text(r->verdict));
                json_add_text(object, "reasons", r->reasons);
                json_add_text(object, "kind", media_kind_text(r->kind));
                json_add_text(object, "container", r->container);
                json_add_text(object, "codecs", r->codecs);
                (void)json_object_object_add(object, "size", json_object_new_int64(r->size));
                if (r->duration >= 0)
                        (void)json_object_object_add(object, "duration_us",
                                                     json_object_new_int64(r->duration));
                if (r->created != INSTANT_NONE)
                        json_add_text(object, "created", instant_format(r->created, created));
                (void)json_object_object_add(object, "uncached", json_object_new_boolean(r->uncached));
                (void)json_object_object_add(object, "child_peak_kib",
                                             json_object_new_int64(r->child_peak_kib));
        }
        if (r->digested)
                json_add_digests(object, &r->digests);
        (void)printf("%s\n",
                     json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
                                                                            JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void print_line(const char *file, const struct inspect_result *r)
{
        char created[INSTANT_TEXT_MAX] = "";

        if (r->error < 0) {
                (void)fprintf(stderr, "recdock-inspect: could not read '%s': %s\n", file,
                              strerror(-r->error));
                return;
        }
        if (r->created != INSTANT_NONE)
                (void)instant_format(r->created, created);
        (void)printf("%s: %s%s%s%s", file, media_verdict_text(r->verdict), r->reasons[0] ? " (" : "",
                     r->reasons, r->reasons[0] ? ")" : "");
        if (r->container[0])
                (void)printf(", %s", r->container);
        if (r->codecs[0])
                (void)printf(" %s", r->codecs);
        if (r->duration >= 0)
                (void)printf(", %" PRId64 ".%03" PRId64 " s", r->duration / USEC_PER_SEC,
                             r->duration % USEC_PER_SEC / USEC_PER_MSEC);
        (void)printf("%s%s\n", created[0] ? ", created " : "", created);
}

static void result_judge(struct check_run *run, const struct inspect_result *r)
{
        if (r->error < 0)
                run->status = CHECK_FAILED;
        else if (r->verdict != VERDICT_COMPLETE && r->verdict != VERDICT_UNKNOWN)
                run->status = MAX(run->status, (int)CHECK_INCOMPLETE);
}

static int on_result(void *userdata, const struct inspect_result *result)
{
        struct check_run *run = userdata;

        run->results[result->job] = *result;
        run->done[result->job] = true;
        for (; run->next_printed < run->n_files && run->done[run->next_printed]; run->next_printed++) {
                const struct inspect_result *r = &run->results[run->next_printed];

                if (run->options->json)
                        print_json(run->files[run->next_printed], r);
                else
                        print_line(run->files[run->next_printed], r);
                result_judge(run, r);
        }
        return 0;
}

/* Opens a file for a job; direct reads are asked for where the reading is to come from the disk. */
static int file_open(const char *file, uint32_t flags, int64_t *ret_size)
{
        struct stat st;
        int fd = -EBADF;

        if (flags & INSPECT_SYNC)
                fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_DIRECT);
        if (fd < 0)
                fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
                (void)fd_close(fd);
                return -EINVAL;
        }
        *ret_size = st.st_size;
        return fd;
}

static int file_submit(struct check_run *run, struct jobs *jobs, size_t number)
{
        const char *file = run->files[number], *slash = strrchr(file, '/');
        struct inspect_request request = {
                        .job = number,
                        .flags = run->options->flags,
                        .timeout_s = run->options->timeout_s,
        };
        int fd = file_open(file, request.flags, &request.size);

        if (fd < 0) {
                struct inspect_result failed = {
                                .job = number, .error = fd, .duration = -1, .created = INSTANT_NONE};

                return on_result(run, &failed);
        }
        (void)text_copy(request.name, sizeof(request.name), slash ? slash + 1 : file);
        return jobs_add(jobs, &request, fd);
}

static int run_files(struct check_run *run, struct jobs *jobs)
{
        size_t submitted = 0;

        while (run->next_printed < run->n_files) {
                struct pollfd fds[INSPECT_JOBS_MAX];
                int r = 0;

                while (r >= 0 && submitted < run->n_files && !jobs_full(jobs))
                        r = file_submit(run, jobs, submitted++);
                if (r >= 0)
                        r = jobs_dispatch(jobs);
                if (r < 0)
                        return r;
                if (!jobs_empty(jobs) && poll(fds, jobs_pollfds(jobs, fds), jobs_timeout_ms(jobs)) < 0 &&
                    errno != EINTR)
                        return -errno;
        }
        return 0;
}

int check_command(const struct check_options *options, char *const *files, size_t n_files)
{
        _cleanup_free_ struct inspect_result *results = calloc(n_files, sizeof(*results));
        _cleanup_free_ bool *done = calloc(n_files, sizeof(*done));
        _cleanup_(jobs_freep) struct jobs *jobs = NULL;
        struct check_run run = {
                        .options = options,
                        .files = files,
                        .n_files = n_files,
                        .results = results,
                        .done = done,
        };
        int r = results && done ? jobs_new(&jobs, options->parallel, on_result, &run) : -ENOMEM;

        if (r >= 0)
                r = run_files(&run, jobs);
        if (r < 0) {
                (void)fprintf(stderr, "recdock-inspect: %s, giving up\n", strerror(-r));
                return CHECK_FAILED;
        }
        return run.status;
}
