// SPDX-License-Identifier: LGPL-2.1-or-later
/* One backup; see backup_run.h. */
#include "backup/backup_run.h"
#include "backup/backup_file.h"
#include "backup/generation.h"
#include "base/durable.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum {
        SAMPLES = 100,
        LACKING_MAX = 10000, /* more is no file that rotted, but a store that is not there */
};

struct run {
        const struct backup_order *order;
        struct target target;
        struct backup_target_row row;
        struct catalogue *live, *copy;
        struct generation generation;
        struct backup_file file;
        int64_t *lacking; /* of before */
        size_t n_lacking;
        struct backup_row result;
};

static void run_done(struct run *run)
{
        catalogue_close(run->copy);
        catalogue_close(run->live);
        target_close(&run->target);
        free(run->lacking);
}

/* Says why there is no generation. Returns 0: the run has ended, and nothing is to be passed up. */
__attribute__((format(printf, 2, 3))) static int fail(struct run *run, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(run->result.error, sizeof(run->result.error), format, ap);
        va_end(ap);
        text_make_printable(run->result.error);
        run->result.outcome = BACKUP_FAILED;
        return 0;
}

/* A failure of the target itself. */
static int fail_target(struct run *run, int error, const char *what)
{
        if (error == -ENOSPC || error == -EDQUOT || error == -EFBIG)
                return fail(run, "the target '%s' is full (while %s)", run->target.path, what);
        if (error == -EUCLEAN)
                return fail(run, "the target '%s' did not give back what was written to it (while %s)",
                            run->target.path, what);
        return fail(run, "the target '%s' failed: %s (while %s)", run->target.path, log_errno_text(error),
                    what);
}

/* --- the target: 1 when it may be used --- */

static int disk_judge(struct run *run)
{
        const struct backup_order *o = run->order;
        const int store = target_same_disk(run->target.path, o->store_root),
                  catalogue = target_same_disk(run->target.path, o->catalogue);

        if (store < 0 || catalogue < 0)
                return fail(run, "cannot tell which disk '%s' is on: %s", run->target.path,
                            log_errno_text(MIN(store, catalogue)));
        if ((store || catalogue) && !o->allow_same_disk)
                return fail(run,
                            "'%s' is on the disk of the %s: expected another disk, or AllowSameDisk=yes",
                            o->path, store ? "store" : "catalogue");
        return 1;
}

static int target_judge(struct run *run)
{
        const struct backup_order *o = run->order;
        int r = target_open(&run->target, o->path, o->station);

        if (r == TARGET_ABSENT)
                return fail(run, "there is no backup at '%s': is its disk mounted?", o->path);
        if (r == TARGET_FOREIGN)
                return fail(run, "the backup at '%s' is that of another station", o->path);
        if (r < 0)
                return fail(run, "the backup at '%s' cannot be opened: %s", o->path, log_errno_text(r));
        r = backup_target_find(run->live, run->target.uuid, &run->row);
        if (r == CATALOGUE_ABSENT)
                return fail(run, "the backup at '%s' is not one that was registered here: its number is %s",
                            o->path, run->target.uuid);
        if (r < 0)
                return fail(run, "the catalogue cannot be read: %s", catalogue_error(run->live));
        run->result.target = run->row.id;
        return disk_judge(run);
}

static int on_lacking(void *userdata, int64_t footage)
{
        struct run *run = userdata;
        int64_t *grown = reallocarray(run->lacking, run->n_lacking + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        run->lacking = grown;
        grown[run->n_lacking++] = footage;
        return 0;
}

/* --- what an interrupted run left --- */

static int folder_empty(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *e;

        if (!dir) {
                int saved = errno;

                (void)fd_close(fd);
                return -saved;
        }
        while ((e = readdir(dir)))
                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
                    unlinkat(fd, e->d_name, 0) < 0 && errno != ENOENT)
                        return -errno;
        return 0;
}

static int leftovers_remove(const struct target *t)
{
        static const char *const names[] = {GENERATION_PART, GENERATION_PART "-journal",
                                            GENERATION_PART "-wal", GENERATION_PART "-shm"};
        int r = durable_make_folders(t->folder, TARGET_INCOMING, TARGET_MODE);

        if (r >= 0)
                r = folder_empty(t->folder, TARGET_INCOMING);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(names); i++)
                if (unlinkat(t->folder, names[i], 0) < 0 && errno != ENOENT)
                        r = -errno;
        return r;
}

/* --- the catalogue: 1 when there is a copy that is whole --- */

static int snapshot_take(struct run *run)
{
        char path[PATH_MAX];
        int r = generation_name(&run->target, run->result.taken_at, run->generation.name);

        if (r < 0)
                return r;
        if ((size_t)snprintf(path, sizeof(path), "%s/" GENERATION_PART, run->target.path) >= sizeof(path))
                return -ENAMETOOLONG;
        r = catalogue_copy(run->live, path, &run->order->pace);
        if (r < 0)
                return r;
        inject_point("backup-snapshot");
        r = catalogue_copy_open(&run->copy, path);
        if (r == CATALOGUE_OK)
                r = catalogue_copy_check(run->copy, &run->order->pace, &run->generation.state);
        return r;
}

static int catalogue_bring(struct run *run)
{
        int r = leftovers_remove(&run->target);

        if (r < 0)
                return fail_target(run, r, "clearing up after an earlier run");
        run->result.taken_at = clock_now();
        r = snapshot_take(run);
        if (r == -ECANCELED)
                return r;
        if (r > 0)
                return fail(run, "the copy of the catalogue is not whole: %s",
                            run->copy ? catalogue_error(run->copy) : "it is no catalogue");
        if (r < 0)
                return fail_target(run, r, "copying the catalogue");
        (void)text_copy(run->generation.target, sizeof(run->generation.target), run->target.uuid);
        run->result.footage = run->generation.state.footage;
        return 1;
}

/* --- files --- */

static bool was_lacking(const struct run *run, int64_t footage)
{
        for (size_t i = 0; i < run->n_lacking; i++)
                if (run->lacking[i] == footage)
                        return true;
        return false;
}

/* A target that has lost what was copied is told by a few of its files: no walk of a million is needed. */
static int sample_judge(struct run *run)
{
        int64_t step = MAX(run->row.copied / SAMPLES, 1);
        struct footage_file f;

        for (int64_t after = 0; after < run->row.copied; after += step) {
                int r = footage_file_next(run->copy, after, &f);

                if (r < 0)
                        return r;
                if (r == CATALOGUE_ABSENT || f.id > run->row.copied)
                        break;
                if (!was_lacking(run, f.id) && !backup_file_exists(&run->target, &f)) {
                        run->result.full_check = true;
                        break;
                }
                after = MAX(after, f.id - step);
        }
        return 0;
}

static int file_bring(struct run *run, const struct footage_file *f)
{
        const struct backup_order *o = run->order;
        int r = backup_file_bring(&run->file, f);

        if (r < 0)
                return r;
        if (r == BACKUP_FILE_LACKING && run->result.lacking++ == 0)
                (void)snprintf(run->result.error, sizeof(run->result.error),
                               "the store does not have footage %" PRId64 " as it was filed: %s", f->id,
                               run->file.reason);
        if (r == BACKUP_FILE_COPIED) {
                run->result.copied++;
                run->result.bytes += f->size;
        }
        o->on_footage(o->pace.userdata, f->id, f->size, r == BACKUP_FILE_LACKING ? run->file.reason : NULL,
                      was_lacking(run, f->id));
        return run->result.lacking > LACKING_MAX ? -ENODATA : 0;
}

/* What it lacks comes again with all others when these are read. */
static int lacking_bring(struct run *run)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && !run->result.full_check && i < run->n_lacking; i++) {
                struct footage_file f;

                r = footage_file_next(run->copy, run->lacking[i] - 1, &f);
                if (r == CATALOGUE_OK && f.id == run->lacking[i] && f.id <= run->row.copied)
                        r = file_bring(run, &f);
        }
        return r;
}

static int files_bring(struct run *run)
{
        const struct backup_order *o = run->order;
        int64_t after, n = 0, bytes = 0;
        struct footage_file f;
        int r = run->result.full_check ? 0 : sample_judge(run);

        after = run->result.full_check ? 0 : run->row.copied;
        if (r >= 0)
                r = footage_sum_above(run->copy, after, &n, &bytes);
        if (r < 0)
                return r;
        o->on_begin(o->pace.userdata, &run->row, n, bytes);
        r = lacking_bring(run);
        while (r >= 0 && (r = footage_file_next(run->copy, after, &f)) == CATALOGUE_OK) {
                r = file_bring(run, &f);
                after = f.id;
        }
        return MIN(r, 0);
}

/* --- the generation --- */

static int marker_bring(struct run *run)
{
        char path[PATH_MAX], text[4096];
        _cleanup_fclose_ FILE *f = NULL;
        size_t n;

        if ((size_t)snprintf(path, sizeof(path), "%s/%s", run->order->store_root, marker_of_store.name) >=
            sizeof(path))
                return -ENAMETOOLONG;
        f = fopen(path, "re");
        if (!f)
                return -errno;
        n = fread(text, 1, sizeof(text), f);
        if (ferror(f) || n == sizeof(text))
                return -EIO;
        return durable_replace(run->target.folder, TARGET_MARKER, text, n, 0440);
}

static int generation_bring(struct run *run)
{
        int r = marker_bring(run);

        catalogue_close(TAKE_PTR(run->copy));
        run->generation.lacking = run->result.lacking;
        if (r >= 0)
                r = generation_publish(&run->target, &run->generation, run->order->station,
                                       &run->order->pace);
        if (r < 0)
                return r;
        (void)text_copy(run->result.generation, sizeof(run->result.generation), run->generation.name);
        run->result.kept = true;
        run->result.outcome = run->result.lacking > 0 ? BACKUP_INCOMPLETE : BACKUP_GOOD;
        return generation_prune(&run->target, run->order->keep, run->order->on_pruned,
                                run->order->pace.userdata);
}

static int run_all(struct run *run)
{
        int r = catalogue_open(&run->live, run->order->catalogue, true);

        if (r != CATALOGUE_OK)
                return fail(run, "the catalogue cannot be opened for reading");
        r = target_judge(run);
        if (r <= 0)
                return r;
        r = backup_lacking_each(run->live, run->row.id, on_lacking, run);
        if (r < 0)
                return fail(run, "the catalogue cannot be read: %s", catalogue_error(run->live));
        r = catalogue_bring(run);
        if (r <= 0)
                return r;
        run->file = (struct backup_file){.target = &run->target,
                                         .store = run->order->store,
                                         .pace = &run->order->pace,
                                         .displaced = run->generation.name};
        r = files_bring(run);
        run->result.displaced = run->file.n_displaced;
        if (r >= 0)
                r = generation_bring(run);
        if (r == -ENODATA)
                return fail(run, "the store lacks more than %d files that were filed", LACKING_MAX);
        return r < 0 && r != -ECANCELED ? fail_target(run, r, "copying") : r;
}

int backup_run(const struct backup_order *order, struct backup_row *ret)
{
        _cleanup_(run_done) struct run run = {.order = order, .target = TARGET_CLOSED};
        int r;

        run.result = (struct backup_row){.begun_at = clock_now(),
                                         .taken_at = INSTANT_NONE,
                                         .full_check = order->full_check,
                                         .outcome = BACKUP_FAILED};
        r = run_all(&run);
        if (r == -ECANCELED)
                return r;
        run.result.cached = run.file.cached;
        run.result.ended_at = clock_now();
        *ret = run.result;
        return 0;
}
