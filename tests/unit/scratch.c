// SPDX-License-Identifier: LGPL-2.1-or-later
/* Folders of tests; see scratch.h. */
#include "scratch.h"
#include "base/cleanup.h"

#include <check.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static char folder[PATH_MAX];

const char *scratch_make(void)
{
        const char *above = getenv("TMPDIR");

        (void)snprintf(folder, sizeof(folder), "%s/recdock-test.XXXXXX", above ? above : "/tmp");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        return folder;
}

static int on_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
        (void)st;
        (void)kind;
        (void)ftw;
        return remove(path);
}

void scratch_remove(void)
{
        if (folder[0] != '\0')
                (void)nftw(folder, on_entry, 16, FTW_DEPTH | FTW_PHYS);
        folder[0] = '\0';
}

char *scratch_path(const char *name)
{
        char *path;

        ck_assert_int_ge(asprintf(&path, "%s/%s", folder, name), 0);
        return path;
}

void scratch_write(const char *name, const char *text)
{
        _cleanup_free_ char *path = scratch_path(name);
        FILE *f;

        for (char *slash = strchr(path + strlen(folder) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                ck_assert(mkdir(path, 0750) == 0 || errno == EEXIST);
                *slash = '/';
        }
        f = fopen(path, "we");
        ck_assert_ptr_nonnull(f);
        ck_assert_uint_eq(fwrite(text, 1, strlen(text), f), strlen(text));
        ck_assert_int_eq(fclose(f), 0);
}

char *scratch_read(const char *name)
{
        _cleanup_free_ char *path = scratch_path(name);
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        char *text = NULL;
        size_t size = 0;

        if (!f)
                return NULL;
        if (getdelim(&text, &size, '\0', f) < 0) {
                free(text);
                return strdup("");
        }
        return text;
}
