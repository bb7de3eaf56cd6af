// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Footage whose file is lost or damaged gets a good one. Always: what lay at the name stays, below
 * ROOT/displaced, and the good file has the name only as a link without replacing; until the caller removes
 * the copy, which is the same inode then, every step can be done again.
 */
#include "store/tree.h"
#include "base/cleanup.h"
#include "base/durable.h"
#include "base/inject.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define MENDING \
        "mending" /* ROOT/mending/<footage>.copy while it is made, <footage>.good once it is proved */

static int copy_name(int64_t footage, const char *suffix, char ret[STORE_PART_NAME_MAX])
{
        if (footage < 1)
                return -EINVAL;
        (void)snprintf(ret, STORE_PART_NAME_MAX, MENDING "/%" PRId64 ".%s", footage, suffix);
        return 0;
}

static int good_open(const struct store *s, int64_t footage, int *ret_fd)
{
        char name[STORE_PART_NAME_MAX];
        int r = copy_name(footage, "good", name);

        if (r >= 0)
                r = regular_open(s->root, name, O_RDONLY, false, ret_fd);
        return r == -ENOENT || r == -ENOTDIR ? STORE_ABSENT : r;
}

static int good_seal(struct store *s, int64_t footage)
{
        _cleanup_close_ int fd = -EBADF;
        int r = good_open(s, footage, &fd);

        if (r == STORE_OK)
                r = file_seal(fd);
        else if (r == STORE_ABSENT)
                r = -ENOENT;
        if (r < 0)
                (void)store_mend_remove(s, footage);
        return MIN(r, 0);
}

int store_mend_copy(struct store *s, const struct store_mend *what)
{
        char temporary[STORE_PART_NAME_MAX], good[STORE_PART_NAME_MAX];
        struct proved_copy copy = {.from = what->from,
                                   .dirfd = s->root,
                                   .temporary = temporary,
                                   .path = good,
                                   .mode = STORE_FOOTAGE_MODE,
                                   .size = what->size,
                                   .expected = what->digests,
                                   .pace = what->pace,
                                   .found = what->found};
        bool uncached;
        int r = copy_name(what->footage, "copy", temporary);

        if (r >= 0)
                r = copy_name(what->footage, "good", good);
        if (r >= 0)
                r = store_mend_remove(s, what->footage); /* of one that nobody has gone on with */
        if (r >= 0)
                r = durable_make_folders(s->root, MENDING, STORE_FOLDER_MODE);
        if (r >= 0)
                r = proved_copy(&copy, &uncached);
        if (r == COPY_DONE && what->seal)
                r = good_seal(s, what->footage);
        return r;
}

/* What is at the final name: STORE_ABSENT, STORE_OK when it is the good file, STORE_EXISTS for anything
 * else. */
static int name_judge(const struct store *s, const char *name, int good)
{
        struct stat there, st;
        int r = footage_stat(s, name, &there);

        if (r != STORE_OK)
                return r;
        if (fstat(good, &st) < 0)
                return -errno;
        return same_inode(&there, &st) ? STORE_OK : STORE_EXISTS;
}

static int displace(struct store *s, const char *path, const char *aside)
{
        int r = folders_make_synced(s, aside);

        if (r >= 0)
                r = durable_rename_new(s->root, path, aside);
        if (r == DURABLE_EXISTS)
                return -EEXIST;
        if (r >= 0)
                r = durable_sync_parent(s->root, aside);
        inject_point("mend-displaced");
        return r;
}

/* 'displaced': what lay there is to have its name again when the good file cannot have it. */
static int good_link(struct store *s, const struct store_mend_place *place, bool displaced)
{
        char good[STORE_PART_NAME_MAX];
        int r = copy_name(place->footage, "good", good);

        if (r >= 0)
                r = durable_link(s->root, good, s->root, place->path);
        if (r == DURABLE_DONE)
                return STORE_OK;
        if (displaced)
                (void)durable_rename_new(s->root, place->aside, place->path);
        return r == DURABLE_EXISTS ? -EEXIST : r;
}

int store_mend_place(struct store *s, const struct store_mend_place *place)
{
        _cleanup_close_ int good = -EBADF;
        const char *name;
        int judged, r = footage_name(place->path, &name);

        if (r >= 0)
                r = good_open(s, place->footage, &good);
        if (r == STORE_ABSENT)
                return -ENOENT;
        if (r >= 0)
                r = file_settle(good, place->started);
        if (r >= 0)
                r = folders_make_synced(s, place->path);
        if (r < 0)
                return r;
        judged = name_judge(s, name, good);
        if (judged == STORE_EXISTS)
                r = displace(s, place->path, place->aside);
        else if (judged < 0)
                r = judged;
        if (r >= 0 && judged != STORE_OK)
                r = good_link(s, place, judged == STORE_EXISTS);
        inject_point("mend-linked");
        return r;
}

int store_mend_sync(struct store *s, const struct store_mend_place *place)
{
        _cleanup_close_ int good = -EBADF;
        int r = good_open(s, place->footage, &good);

        if (r == STORE_ABSENT)
                r = -ENOENT;
        if (r >= 0)
                r = durable_sync_file(good);
        return r < 0 ? r : durable_sync_parent(s->root, place->path);
}

bool store_mend_is_placed(struct store *s, int64_t footage, const char *path)
{
        _cleanup_close_ int good = -EBADF;
        const char *name;

        return footage_name(path, &name) >= 0 && good_open(s, footage, &good) == STORE_OK &&
               name_judge(s, name, good) == STORE_OK;
}

int store_mend_remove(struct store *s, int64_t footage)
{
        char name[STORE_PART_NAME_MAX];
        int r = copy_name(footage, "good", name);

        if (r < 0)
                return r;
        if (unlinkat(s->root, name, 0) < 0 && errno != ENOENT && errno != ENOTDIR)
                return -errno;
        return 0;
}

/* The footage that 'name' is a copy of, 0 for anything else. */
static int64_t footage_of_name(const char *name, const char *suffix)
{
        char again[STORE_PART_NAME_MAX];
        int64_t footage = (int64_t)strtoll(name, NULL, 10);

        return copy_name(footage, suffix, again) >= 0 && strcmp(again + sizeof(MENDING), name) == 0 ? footage
                                                                                                    : 0;
}

int store_mend_each(struct store *s, int (*on_good)(void *userdata, int64_t footage), void *userdata)
{
        int fd = openat(s->root, MENDING, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *e;
        int r = 0;

        if (!dir) {
                r = errno == ENOENT ? 0 : -errno;
                (void)fd_close(fd);
                return r;
        }
        while (r == 0 && (e = readdir(dir))) {
                int64_t good = footage_of_name(e->d_name, "good");

                if (good > 0)
                        r = on_good(userdata, good);
                else if (footage_of_name(e->d_name, "copy") > 0 && unlinkat(fd, e->d_name, 0) < 0)
                        r = -errno;
        }
        return r;
}
