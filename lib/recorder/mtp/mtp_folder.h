/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The entries of one folder by GetObjectPropList, held against the handles that GetObjectHandles gave for
 * it. */

#include "recorder/mtp/mtp_object.h"

#define MTP_FOLDER_MAX 16384 /* more handles than this are asked for one by one */

struct mtp_folder_entry {
        uint32_t handle;
        uint16_t format;
        bool protected;
        bool over_4g, wide;
        bool has_format, has_size;
        int64_t size; /* -1 unknown */
        char *name;   /* NULL: not told */
        char time_text[RECORDER_TIME_MAX];
};

struct mtp_folder {
        struct mtp_folder_entry *entries; /* sorted by handle */
        size_t n;
        bool strangers; /* the list has objects that are not in the folder */
        size_t name_bytes;
};

/*
 * Fetches the properties of the children of 'parent', which has the n handles. RECORDER_OK also when entries
 * are missing: mtp_folder_at() gives NULL for those. RECORDER_UNSUPPORTED and RECORDER_PROTOCOL: ask one by
 * one.
 */
int mtp_folder_fetch(struct mtp_folder *f, struct ptp_session *s, uint32_t parent, const uint32_t *handles,
                     size_t n);

/* The entry of 'handle', its name included, into *ret; false when the list did not tell its format, name and
 * size. */
bool mtp_folder_at(const struct mtp_folder *f, uint32_t handle, struct mtp_entry *ret);

/*
 * Holds the list against itself and, in a few transactions however long it is, against what some of its
 * objects say of themselves. *ret_sound is false when it gives an object another one's name or kind. An
 * outcome other than RECORDER_OK is of those transactions.
 */
int mtp_folder_check(const struct mtp_folder *f, struct ptp_session *s, const struct ptp_device_info *info,
                     bool *ret_sound);
void mtp_folder_done(struct mtp_folder *f);
