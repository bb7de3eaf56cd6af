/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is known to be wrong with certain recorders, as data: INI files with one [VID:PID] section each (four
 * hexadecimal digits,
 * "*" for any product). Files are read before a sandbox; a later file's keys replace an earlier one's, key
 * by key.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum quirk_flags {
        QUIRK_BROKEN_PROPLIST =
                        1 << 0, /* GetObjectPropList gives wrong or missing objects, or wedges the device */
        QUIRK_NO_CLOSE_SESSION = 1 << 1, /* does not survive CloseSession */
        QUIRK_NO_PARTIAL64 = 1 << 2,     /* announces GetPartialObject64 and gets it wrong */
        QUIRK_NO_PARTIAL = 1 << 3,       /* announces GetPartialObject and gets it wrong */
        QUIRK_SAMSUNG_OFFSET = 1 << 4,   /* hangs when a partial read fills its last packet */
        QUIRK_NO_RESET = 1 << 5,         /* does not come back from a reset */
        QUIRK_NO_CANCEL = 1 << 6,        /* wedges on the class request CancelRequest */
        QUIRK_NO_FLAT_LIST = 1 << 7,     /* must not be asked for all objects of a storage at once */
        QUIRK_BROKEN_BATTERY = 1 << 8,   /* the battery level is wrong or wedges the device */
        QUIRK_SLOW = 1 << 9,             /* three times the usual time for every answer */
};

struct quirks {
        uint32_t flags;         /* enum quirk_flags */
        uint32_t chunk;         /* bytes of one partial read; 0 default */
        uint32_t transfer_size; /* bytes of one USB read; 0 default */
        uint32_t depth;         /* USB reads in flight; 0 default */
        uint32_t timeout_ms; /* until an answer begins; other waits keep their proportion to it; 0 default */
        int32_t interface;   /* bInterfaceNumber to use, -1 choose */
        char name[64];       /* "" none */
};

#define QUIRKS_NONE ((struct quirks){.interface = -1})

struct quirk_table;

/* Called once per finding, text complete: "recorders.quirks:12: [18d1:4ee1] depth='x': expected a number
 * from 1 to 16". */
typedef void quirks_report_fn(const char *text, void *userdata);

/*
 * Reads RECDOCK_DATADIR/recorders.quirks, then RECDOCK_CONFDIR/recorders.quirks.d/?.quirks in order of
 * names; or, when RECDOCK_QUIRKS_PATH is in the environment, only that colon-separated list of files. A
 * missing default file is no error. Anything wrong is reported; the entry it stands in keeps its other keys.
 * Returns 0 with *ret set (free with quirks_free()) also after reports, with *ret_reports (may be NULL)
 * their number; or a negative errno.
 */
int quirks_load(struct quirk_table **ret, quirks_report_fn *report, void *userdata,
                unsigned int *ret_reports);

/* Adds one file to the table; as above. -ENOENT when it is missing. */
int quirks_load_file(struct quirk_table *table, const char *path, quirks_report_fn *report, void *userdata,
                     unsigned int *ret_reports);
int quirks_new(struct quirk_table **ret);
void quirks_free(struct quirk_table *table);
size_t quirks_count(const struct quirk_table *table);

/* Fills *ret with what is known of the product: keys of [VID:PID] over those of [VID:*] over QUIRKS_NONE.
 * table may be NULL. True when there was an entry. */
bool quirks_find(const struct quirk_table *table, uint16_t vendor, uint16_t product, struct quirks *ret);
