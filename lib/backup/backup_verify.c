// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reading a backup again; see backup_verify.h. */
#include "backup/backup_verify.h"
#include "backup/backup_file.h"
#include "base/log.h"

#include <stdarg.h>

__attribute__((format(printf, 3, 4))) static int fail(char error[BACKUP_ERROR_MAX], int r,
                                                      const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(error, BACKUP_ERROR_MAX, format, ap);
        va_end(ap);
        return r;
}

static int file_verify(const struct backup_verify *v, const struct target *t, const struct footage_file *f)
{
        static const char *const words[] = {
                        [BACKUP_FILE_GOOD] = "ok",
                        [BACKUP_FILE_MISSING] = "missing",
                        [BACKUP_FILE_DIFFERS] = "mismatch",
                        [BACKUP_FILE_UNREADABLE] = "unreadable",
        };
        struct digest_values found = {0};
        bool cached;
        int64_t size = -1;
        int r = backup_file_compare(t, f, &v->pace, &found, &size, &cached);

        if (r < 0)
                return r;
        return v->on_file(v->userdata, f, words[r], size >= 0 ? &found : NULL, size);
}

static int generation_verify(const struct backup_verify *v, const struct target *t)
{
        _cleanup_free_ struct generation *list = NULL;
        char error[GENERATION_ERROR_MAX] = "";
        size_t n = 0;
        int r = generation_list(t, &list, &n);

        if (r < 0)
                return r;
        if (n == 0)
                return v->on_generation(v->userdata, "-", "there is none");
        r = generation_check(t, &list[0], &v->pace, error);
        if (r == GENERATION_NEWER)
                (void)snprintf(error, sizeof(error), "it is of a newer recdock");
        if (r < 0)
                return r;
        return v->on_generation(v->userdata, list[0].name, r == GENERATION_OK ? NULL : error);
}

static int files_verify(const struct backup_verify *v, const struct target *t, int64_t copied)
{
        struct footage_file f = {0};
        int r;

        while ((r = footage_file_next(v->catalogue, f.id, &f)) == CATALOGUE_OK && f.id <= copied) {
                r = file_verify(v, t, &f);
                if (r != 0)
                        return r;
        }
        return MIN(r, 0);
}

int backup_verify_run(const struct backup_verify *v, char error[BACKUP_ERROR_MAX])
{
        _cleanup_target_ struct target t = TARGET_CLOSED;
        struct backup_target_row row;
        int r = target_open(&t, v->path, v->station);

        if (r < 0)
                return fail(error, r, "the backup at '%s' cannot be opened: %s", v->path, log_errno_text(r));
        if (r != TARGET_OK)
                return fail(error, -ENOENT,
                            "there is no backup of this station at '%s': is its disk mounted?", v->path);
        r = backup_target_find(v->catalogue, t.uuid, &row);
        if (r == CATALOGUE_ABSENT)
                return fail(error, -ENOENT, "the backup at '%s' is not one that was registered here",
                            v->path);
        if (r == CATALOGUE_OK)
                r = files_verify(v, &t, row.copied);
        if (r >= 0)
                r = generation_verify(v, &t);
        if (r < 0 && r != -ECANCELED && r != -EPIPE && r != -ETIMEDOUT)
                return fail(error, r, "reading the backup at '%s' failed: %s", v->path, log_errno_text(r));
        return r;
}
