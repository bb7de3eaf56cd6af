// SPDX-License-Identifier: LGPL-2.1-or-later
/* See medium_content.h. */
#include "daemon/medium/medium_content.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <blkid/blkid.h>
#include <string.h>

#define SIGNS_MAX 64

enum { BLKID_FOUND = 0, BLKID_NOTHING = 1, BLKID_AMBIVALENT = -2 };

DEFINE_CLEANUP(blkid_probe, blkid_free_probe);

/* libblkid does not always say why. */
static int blkid_error(void)
{
        return errno > 0 ? -errno : -EIO;
}

/* What is broken counts: somebody may still want what is on it. NULL: see blkid_error(). */
static blkid_probe probe_new(int fd)
{
        _cleanup_(blkid_free_probep) blkid_probe pr = NULL;

        errno = 0;
        pr = blkid_new_probe();
        if (!pr || blkid_probe_set_device(pr, fd, 0, 0) != 0)
                return NULL;
        (void)blkid_probe_enable_superblocks(pr, 1);
        (void)blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_UUID | BLKID_SUBLKS_TYPE |
                                                                    BLKID_SUBLKS_MAGIC |
                                                                    BLKID_SUBLKS_BADCSUM);
        (void)blkid_probe_enable_partitions(pr, 1);
        (void)blkid_probe_set_partitions_flags(pr, BLKID_PARTS_MAGIC);
        return TAKE_PTR(pr);
}

static void value_copy(blkid_probe pr, const char *name, char *dst, size_t size)
{
        const char *value;

        dst[0] = '\0';
        if (blkid_probe_lookup_value(pr, name, &value, NULL) == 0)
                (void)text_copy(dst, size, value);
        text_make_printable(dst);
}

int medium_content_look(int fd, struct medium_content *ret)
{
        _cleanup_(blkid_free_probep) blkid_probe pr = probe_new(fd);
        int found;

        if (!pr)
                return blkid_error();
        errno = 0;
        found = blkid_do_safeprobe(pr);
        if (found != BLKID_FOUND && found != BLKID_NOTHING && found != BLKID_AMBIVALENT)
                return blkid_error();
        memset(ret, 0, sizeof(*ret));
        ret->anything = found != BLKID_NOTHING;
        if (found != BLKID_FOUND)
                return 0;
        value_copy(pr, "UUID", ret->uuid, sizeof(ret->uuid));
        value_copy(pr, "TYPE", ret->type, sizeof(ret->type));
        value_copy(pr, "PTUUID", ret->table_uuid, sizeof(ret->table_uuid));
        value_copy(pr, "PTTYPE", ret->table_type, sizeof(ret->table_type));
        return 0;
}

int medium_content_wipe(int fd)
{
        _cleanup_(blkid_free_probep) blkid_probe pr = probe_new(fd);

        for (unsigned int i = 0; pr && i < SIGNS_MAX; i++) {
                int r;

                errno = 0;
                r = blkid_do_probe(pr);
                if (r == BLKID_NOTHING)
                        return 0;
                if (r != BLKID_FOUND || blkid_do_wipe(pr, 0) != 0)
                        return blkid_error();
        }
        return pr ? -EUCLEAN : blkid_error();
}
