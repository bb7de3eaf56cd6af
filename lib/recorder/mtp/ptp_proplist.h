/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * ObjectPropList (MTP 1.1, annex E.2.1.1 of GetObjectPropList), parsed while it arrives: a folder with ten
 * thousand files is megabytes of properties, and only one of them is held at a time.
 */

#include "recorder/mtp/ptp_dataset.h"

#define PTP_PROPLIST_HELD (8 + 1 + 2 * 255) /* the longest element that is looked at: a string */

struct ptp_proplist {
        int (*on_value)(void *userdata, uint32_t handle, uint16_t property, const struct ptp_value *value);
        void *userdata;
        uint32_t elements; /* announced */
        uint32_t done;     /* given out or skipped */
        bool begun;        /* the announcement has been read */
        uint64_t skip;     /* bytes of an array still to be passed over */
        uint8_t held[PTP_PROPLIST_HELD];
        size_t held_size;
};

/* Takes the next bytes. Returns 0, what on_value returned when not 0, or -EBADMSG. */
int ptp_proplist_feed(struct ptp_proplist *p, const uint8_t *data, size_t size);

/* Everything announced has come, and nothing more. */
bool ptp_proplist_complete(const struct ptp_proplist *p);
