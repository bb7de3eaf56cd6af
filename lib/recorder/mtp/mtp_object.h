/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Operations on single objects and storages: one or two transactions each, results as in ptp_session.h. */

#include "recorder/item_path.h"
#include "recorder/mtp/ptp_dataset.h"
#include "recorder/mtp/ptp_session.h"

#define MTP_STORAGES_MAX 16

struct mtp_storage {
        uint32_t id;
        char label[RECORDER_TEXT_MAX]; /* one path component, unique among the storages */
        int64_t free;                  /* -1 unknown */
        int64_t total;
};

struct mtp_storages {
        struct mtp_storage at[MTP_STORAGES_MAX];
        unsigned int n;
};

/* The storages with a medium in them. RECORDER_LOCKED when there is none; 'wait' asks again for
 * limits.locked_ms first. */
int mtp_storages_fetch(struct ptp_session *s, bool wait, struct mtp_storages *ret);

/* One object as a listing sees it, whichever operation it came from. */
struct mtp_entry {
        uint32_t handle;
        uint16_t format;
        bool protected;
        bool over_4g;            /* its size is not known, but 4 GiB or more */
        bool wide;               /* its size was told in 64 bits, so it is not one modulo 2^32 */
        int64_t size;            /* -1 unknown */
        char name[PTP_NAME_MAX]; /* as sent, printable */
        char time_text[RECORDER_TIME_MAX];
};

static inline bool mtp_entry_is_folder(const struct mtp_entry *e)
{
        return e->format == PTP_FORMAT_ASSOCIATION;
}

/* GetObjectInfo, and the 64-bit size where the 32-bit one says nothing and the device has
 * GetObjectPropValue. */
int mtp_entry_fetch(struct ptp_session *s, const struct ptp_device_info *info, uint32_t handle,
                    struct mtp_entry *ret);

/* Property DC04: the size in 64 bits, -1 when the device tells none. Ask only a device that has
 * GetObjectPropValue. */
int mtp_size_fetch(struct ptp_session *s, uint32_t handle, int64_t *ret);

/* Handles of a folder (PTP_HANDLE_ROOT, PTP_HANDLE_ALL). *ret is malloc'd. RECORDER_PROTOCOL above
 * limits.objects. */
int mtp_handles_fetch(struct ptp_session *s, uint32_t storage, uint32_t parent, uint32_t **ret,
                      size_t *ret_n);

/* A device property's current value. */
int mtp_property_text(struct ptp_session *s, uint16_t property, char *ret, size_t size);
int mtp_property_describe(struct ptp_session *s, uint16_t property, struct ptp_prop_desc *ret);
