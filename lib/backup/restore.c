// SPDX-License-Identifier: LGPL-2.1-or-later
/* A restore; see restore.h. */
#include "backup/restore.h"
#include "backup/backup_file.h"
#include "backup/restore_machine.h"
#include "base/durable.h"
#include "base/inject.h"
#include "base/log.h"
#include "base/text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define CATALOGUE_PART "catalogue.restore"

struct restore {
        const struct restore_order *order;
        char *error;
        struct target target;
        struct generation generation;
        struct catalogue *copy; /* of the generation, read where it lies */
        struct store *store;
        int root;
        int64_t lacking; /* of the plan, then of what was done */
        int64_t first_lacking;
};

DEFINE_CLEANUP(struct catalogue *, catalogue_close);

static void restore_done(struct restore *s)
{
        store_close(s->store);
        catalogue_close(s->copy);
        target_close(&s->target);
        (void)fd_close(s->root);
}

__attribute__((format(printf, 3, 4))) static int say(struct restore *s, int outcome, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(s->error, RESTORE_ERROR_MAX, format, ap);
        va_end(ap);
        text_make_printable(s->error);
        return outcome;
}

static int refuse_errno(struct restore *s, int error, const char *what)
{
        return say(s, RESTORE_REFUSED, "%s: %s", what, log_errno_text(error));
}

/* --- what is to be restored: RESTORE_DONE so far, or refused --- */

static int backup_open(struct restore *s)
{
        const struct restore_order *o = s->order;
        int r = target_open(&s->target, o->path, o->station);

        if (r == TARGET_ABSENT)
                return say(s, RESTORE_REFUSED, "there is no backup at '%s': is its disk mounted?", o->path);
        if (r == TARGET_FOREIGN)
                return say(s, RESTORE_REFUSED,
                           "the backup at '%s' is not that of station %s: expected the Number= that it was "
                           "made with",
                           o->path, o->station);
        return r < 0 ? refuse_errno(s, r, "the backup cannot be opened") : RESTORE_DONE;
}

static int generation_newest(struct restore *s)
{
        _cleanup_free_ struct generation *list = NULL;
        size_t n = 0, i = 0;
        int r = generation_list(&s->target, &list, &n);

        if (r < 0)
                return refuse_errno(s, r, "the generations cannot be listed");
        while (i < n && list[i].lacking > 0 && !s->order->incomplete)
                i++;
        if (i == n && n > 0)
                return say(s, RESTORE_REFUSED,
                           "each generation at '%s' lacks files, the newest %" PRId64
                           ": expected --incomplete to restore all others",
                           s->order->path, list[0].lacking);
        if (i == n)
                return say(s, RESTORE_REFUSED, "there is no generation of the catalogue at '%s'",
                           s->order->path);
        s->generation = list[i];
        return RESTORE_DONE;
}

static int generation_choose(struct restore *s)
{
        int r;

        if (!s->order->generation)
                return generation_newest(s);
        r = generation_read(&s->target, s->order->generation, &s->generation);
        if (r == GENERATION_ABSENT)
                return say(s, RESTORE_REFUSED,
                           "there is no generation '%s' at '%s': expected one such as 20261129T143000Z",
                           s->order->generation, s->order->path);
        if (r == GENERATION_NEWER)
                return say(s, RESTORE_REFUSED, "generation '%s' is of a newer recdock than %s",
                           s->order->generation, PACKAGE_VERSION);
        return r < 0 ? refuse_errno(s, r, "the manifest of the generation cannot be read") : RESTORE_DONE;
}

static int generation_judge(struct restore *s)
{
        char why[GENERATION_ERROR_MAX] = "", path[PATH_MAX];
        int r = generation_check(&s->target, &s->generation, &s->order->pace, why);

        if (r == GENERATION_DAMAGED)
                return say(s, RESTORE_REFUSED,
                           "generation '%s' is damaged, %s: choose another one by --generation=",
                           s->generation.name, why);
        if (r == GENERATION_NEWER)
                return say(s, RESTORE_REFUSED, "generation '%s' is of a newer recdock than %s",
                           s->generation.name, PACKAGE_VERSION);
        if (r >= 0)
                r = generation_path(&s->target, s->generation.name, ".sqlite", path);
        if (r >= 0)
                r = catalogue_copy_open(&s->copy, path);
        return r < 0 ? refuse_errno(s, r, "the generation cannot be read") : RESTORE_DONE;
}

static int machine_refuse(struct restore *s, int judged)
{
        const struct restore_order *o = s->order;

        switch (judged) {
        case MACHINE_OTHER:
                return say(s, RESTORE_REFUSED,
                           "a restore of something else was begun in '%s': expected the same backup and "
                           "--generation=, or an empty folder",
                           o->store_root);
        case MACHINE_CATALOGUE:
                return say(s, RESTORE_REFUSED,
                           "there is a catalogue, '%s': expected none; stop recdockd and move it away if it "
                           "is not wanted",
                           o->catalogue);
        case MACHINE_FOOTAGE:
                return say(s, RESTORE_REFUSED, "there is footage in '%s': expected an empty store",
                           o->store_root);
        default:
                return judged < 0 ? refuse_errno(s, judged, "the store's folder cannot be looked at")
                                  : RESTORE_DONE;
        }
}

static bool in_store(const struct restore *s, const struct footage_file *f)
{
        struct stat st;
        char path[PATH_MAX];

        return (size_t)snprintf(path, sizeof(path), "%s/%s", s->order->store_root, f->path) < sizeof(path) &&
               lstat(path, &st) == 0 && st.st_size == f->size;
}

/* Every file is looked for before the first is copied. */
static int files_judge(struct restore *s, int64_t *ret_files, int64_t *ret_bytes)
{
        struct footage_file f = {0};
        int r;

        while ((r = footage_file_next(s->copy, f.id, &f)) == CATALOGUE_OK) {
                if (!backup_file_exists(&s->target, &f)) {
                        if (s->lacking++ == 0)
                                s->first_lacking = f.id;
                } else if (!in_store(s, &f)) {
                        (*ret_files)++;
                        *ret_bytes += f.size;
                }
                if (pace_go(&s->order->pace, 0) < 0)
                        return say(s, RESTORE_REFUSED, "stopped");
        }
        if (r < 0)
                return refuse_errno(s, r, "the generation cannot be read");
        if (s->lacking > 0 && !s->order->incomplete)
                return say(s, RESTORE_REFUSED,
                           "generation '%s' has rows without a file in the backup: %" PRId64
                           " of them, footage %" PRId64 " the first: expected another --generation=, or "
                           "--incomplete to restore all others",
                           s->generation.name, s->lacking, s->first_lacking);
        return RESTORE_DONE;
}

/* The nearest folder that exists. */
static int room_judge(struct restore *s, int64_t bytes)
{
        struct statvfs v;
        char path[PATH_MAX], *slash;
        uint64_t room;

        (void)snprintf(path, sizeof(path), "%s", s->order->store_root);
        while (statvfs(path, &v) < 0) {
                slash = strrchr(path, '/');
                if (errno != ENOENT || !slash || slash == path)
                        return refuse_errno(s, -errno, "the store's disk cannot be asked for its room");
                *slash = '\0';
        }
        room = (uint64_t)v.f_bavail * v.f_frsize;
        if (room < (uint64_t)(bytes + s->generation.size))
                return say(s, RESTORE_REFUSED,
                           "the disk of '%s' has %" PRIu64 " MiB left, expected %" PRId64 " MiB at least",
                           s->order->store_root, room >> 20, (bytes + s->generation.size) >> 20);
        return RESTORE_DONE;
}

static int plan(struct restore *s)
{
        int64_t files = 0, bytes = 0;
        int r = backup_open(s);

        if (r == RESTORE_DONE)
                r = generation_choose(s);
        if (r == RESTORE_DONE)
                r = machine_refuse(s,
                                   machine_judge(s->order->store_root, s->order->catalogue, &s->generation));
        if (r == RESTORE_DONE)
                r = generation_judge(s);
        if (r == RESTORE_DONE)
                r = files_judge(s, &files, &bytes);
        if (r == RESTORE_DONE)
                r = room_judge(s, bytes);
        if (r == RESTORE_DONE)
                s->order->on_plan(s->order->pace.userdata, &s->generation, files, bytes);
        return r;
}

/* --- doing it: negative errno, or 0 --- */

static int store_prepare(struct restore *s)
{
        char text[4096];
        _cleanup_close_ int fd = -EBADF;
        ssize_t n;
        int r;

        s->root = machine_claim(s->order->store_root, &s->generation);
        if (s->root < 0)
                return s->root;
        fd = durable_open_beneath(s->target.folder, TARGET_MARKER, O_RDONLY, 0);
        if (fd < 0)
                return fd;
        n = read(fd, text, sizeof(text));
        if (n < 0)
                return -errno;
        r = durable_replace(s->root, marker_of_store.name, text, (size_t)n, 0440);
        if (r >= 0)
                r = store_open(&s->store, s->order->store_root, s->order->station, false);
        return r == STORE_FOREIGN ? -EBADMSG : r;
}

/* A file that the interrupted restore has put there: proved then, and read again. */
static int file_compare(struct restore *s, const struct footage_file *f)
{
        _cleanup_close_ int fd = -EBADF;
        struct digest_values found;
        int64_t size = 0;
        bool uncached;
        int r = store_footage_open(s->store, f->path, true, &fd);

        if (r != STORE_OK)
                return r;
        r = proved_read(fd, &s->order->pace, &found, &size, &uncached);
        if (r < 0)
                return r;
        return size == f->size && digest_equal(&found, &f->digests) ? STORE_OK : -EEXIST;
}

static int file_fetch(struct restore *s, const struct footage_file *f)
{
        _cleanup_close_ int from = durable_open_beneath(s->target.folder, f->path, O_RDONLY | O_NONBLOCK, 0);
        const struct store_restore what = {.from = from,
                                           .path = f->path,
                                           .size = f->size,
                                           .digests = &f->digests,
                                           .pace = &s->order->pace};

        if (from < 0)
                return from == -ENOENT || from == -ENOTDIR ? STORE_ABSENT : COPY_SOURCE_UNREADABLE;
        return store_restore(s->store, &what);
}

static int file_lacks(struct restore *s, const struct footage_file *f, const char *reason)
{
        s->lacking++;
        s->order->on_file(s->order->pace.userdata, f, reason);
        if (s->order->incomplete)
                return 0;
        (void)say(s, RESTORE_FAILED,
                  "footage %" PRId64 " ('%s') is not in the backup as it was filed (%s): expected another "
                  "backup, or --incomplete to restore all others",
                  f->id, f->path, reason);
        return -EUCLEAN;
}

static int file_restore(struct restore *s, const struct footage_file *f)
{
        int r = file_compare(s, f);

        if (r == STORE_ABSENT) {
                r = file_fetch(s, f);
                if (r == STORE_ABSENT)
                        return file_lacks(s, f, "missing");
                if (r == COPY_SOURCE_UNREADABLE || r == COPY_SOURCE_DIFFERS)
                        return file_lacks(s, f, r == COPY_SOURCE_DIFFERS ? "mismatch" : "unreadable");
                if (r == COPY_DIFFERS)
                        r = -EIO; /* the store's disk does not keep what it is given */
        }
        if (r < 0)
                return r;
        if (s->order->verity && store_can_seal(s->store))
                r = store_seal(s->store, f->path);
        if (r >= 0)
                s->order->on_file(s->order->pace.userdata, f, NULL);
        return MIN(r, 0);
}

static int files_restore(struct restore *s)
{
        struct footage_file f = {0};
        int r;

        s->lacking = 0;
        while ((r = footage_file_next(s->copy, f.id, &f)) == CATALOGUE_OK) {
                r = file_restore(s, &f);
                if (r < 0)
                        return r;
        }
        return MIN(r, 0);
}

/* Named when it is whole: from then on there is a catalogue. */
static int catalogue_place(struct restore *s)
{
        _cleanup_close_ int from = -EBADF, folder = -EBADF;
        char path[PATH_MAX], above[PATH_MAX];
        struct proved_copy copy = {.temporary = CATALOGUE_PART,
                                   .mode = 0640,
                                   .size = s->generation.size,
                                   .expected = &s->generation.digests,
                                   .pace = &s->order->pace};
        const char *slash = strrchr(s->order->catalogue, '/');
        bool uncached;
        int r = generation_path(&s->target, s->generation.name, ".sqlite", path);

        if (r < 0 || !slash)
                return r < 0 ? r : -EINVAL;
        (void)snprintf(above, sizeof(above), "%.*s", (int)(slash - s->order->catalogue),
                       s->order->catalogue);
        from = open(path, O_RDONLY | O_CLOEXEC);
        folder = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (from < 0 || folder < 0)
                return -errno;
        copy.from = from;
        copy.dirfd = folder;
        copy.path = slash + 1;
        r = proved_copy(&copy, &uncached);
        inject_point("restore-catalogue");
        if (r == COPY_EXISTS) /* by this restore, when it was cut off after this */
                return 0;
        return r > 0 ? -EIO : r;
}

/* The act itself is on record, once. */
static int ledger_append(struct restore *s, struct catalogue *c)
{
        char detail[256], subject[64];
        int64_t bad, count = 0;
        int r = catalogue_ledger_verify(c, &bad, &count);

        if (r != CATALOGUE_OK)
                return r < 0 ? r : -EUCLEAN;
        if (count > s->generation.state.ledger_sequence)
                return 0;
        (void)snprintf(subject, sizeof(subject), "backup-target/%s", s->generation.target);
        (void)snprintf(detail, sizeof(detail),
                       "{\"generation\":\"%s\",\"footage\":%" PRId64 ",\"lacking\":%" PRId64 "}",
                       s->generation.name, s->generation.state.footage, s->lacking);
        r = catalogue_begin(c);
        if (r >= 0)
                r = catalogue_ledger(c, s->order->actor, "catalogue.restored", subject, detail);
        if (r >= 0)
                r = catalogue_commit(c);
        return r;
}

static int count_file(void *userdata, const char *path)
{
        int64_t *n = userdata;

        (*n)++;
        return 0;
}

/* All of it once more, as recdockd will see it: rows, files, and nothing else in the store. */
static int verify(struct restore *s, struct catalogue *c)
{
        int64_t footage = 0, files = 0;
        struct footage_file f = {0};
        int64_t absent = 0;
        int r = footage_count(c, &footage);

        while (r >= 0 && (r = footage_file_next(c, f.id, &f)) == CATALOGUE_OK)
                absent += !in_store(s, &f);
        if (r >= 0)
                r = store_footage_each(s->store, count_file, &files);
        if (r < 0)
                return r;
        if (footage != s->generation.state.footage || absent != s->lacking || files != footage - absent) {
                (void)say(s, RESTORE_FAILED,
                          "the store does not match the catalogue: %" PRId64 " rows, %" PRId64
                          " of them without a file, %" PRId64 " files",
                          footage, absent, files);
                return -EUCLEAN;
        }
        return 0;
}

static int catalogue_restore(struct restore *s)
{
        _cleanup_(catalogue_closep) struct catalogue *c = NULL;
        int r = catalogue_place(s);

        if (r >= 0)
                r = catalogue_open(&c, s->order->catalogue, false);
        if (r > 0)
                r = -EUCLEAN;
        if (r >= 0)
                r = ledger_append(s, c);
        return r < 0 ? r : verify(s, c);
}

int restore_run(const struct restore_order *order, char error[RESTORE_ERROR_MAX])
{
        _cleanup_(restore_done) struct restore s = {
                        .order = order, .error = error, .target = TARGET_CLOSED, .root = -EBADF};
        int r;

        error[0] = '\0';
        r = plan(&s);
        if (r != RESTORE_DONE)
                return r;
        r = store_prepare(&s);
        if (r >= 0)
                r = files_restore(&s);
        if (r >= 0)
                r = catalogue_restore(&s);
        if (r >= 0)
                r = machine_finish(s.root);
        if (r >= 0)
                return s.lacking > 0 ? RESTORE_INCOMPLETE : RESTORE_DONE;
        if (error[0] == '\0')
                (void)say(&s, RESTORE_FAILED, "the restore was cut off: %s; run it again to go on",
                          log_errno_text(r));
        return RESTORE_FAILED;
}
