/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is wrong with a volume that is read all the same: told to the caller, bounded in number. */

#include <stdarg.h>
#include <stdint.h>

#define VOLUME_FINDING_TEXT_MAX 512

/* They are kept in records: add at the end, never renumber. */
enum volume_finding {
        VOLUME_TABLE_DAMAGED = 1, /* partition table: backup used, entry outside the unit */
        VOLUME_BOOT_DAMAGED,      /* boot sector: backup used, or a field that contradicts another */
        VOLUME_TRUNCATED,         /* larger than the place it lies in */
        VOLUME_DIRTY,             /* was not unmounted */
        VOLUME_MEDIA_FAILURE,     /* the volume's own mark of a failing medium */
        VOLUME_FAT_COPIES,        /* the copies of the FAT differ */
        VOLUME_FREE_COUNT,        /* the volume's own count of free clusters is wrong */
        VOLUME_CYCLE,             /* a chain or a folder leads back to itself */
        VOLUME_CROSS_LINK,        /* a cluster belongs to two files */
        VOLUME_CHAIN_SHORT,       /* fewer clusters than the size needs */
        VOLUME_CHAIN_LONG,        /* more clusters than the size needs: a recording that was not closed */
        VOLUME_CHAIN_BAD,         /* a chain leads to a free or bad cluster, or out of the volume */
        VOLUME_UNALLOCATED,       /* a file's cluster is free by the bitmap */
        VOLUME_ENTRY_DAMAGED,     /* directory entries that contradict themselves; checksum of a set */
        VOLUME_NAME_DAMAGED,      /* a long name without its entry, a name hash that differs */
        VOLUME_FOLDER_DAMAGED,    /* "." and ".." lead elsewhere, size no multiple, entries behind the end */
        VOLUME_UPCASE_DAMAGED,    /* up-case table: missing, checksum */
        VOLUME_BITMAP_DAMAGED,    /* allocation bitmap: missing, too short */
        VOLUME_UNREADABLE,        /* the medium does not give a part of what describes the files */
        VOLUME_LIMIT,             /* a bound of this reader was reached; what is behind it is not told */
        _VOLUME_FINDING_MAX,
};

/* "dirty", "fat-copies", …; "unknown" outside the enum. */
const char *volume_finding_word(int finding);

/* Takes one: 'text' is a line of printable UTF-8 that names thing, value and expectation; valid during the
 * call. */
typedef void volume_finding_fn(void *userdata, enum volume_finding finding, const char *text);

struct volume_findings {
        volume_finding_fn *fn; /* may be NULL */
        void *userdata;
};

/* Tells it, cut to VOLUME_FINDING_TEXT_MAX; nothing without a function. */
void volume_finding_tell(const struct volume_findings *on, enum volume_finding finding, const char *format,
                         va_list arguments) __attribute__((format(printf, 3, 0)));
