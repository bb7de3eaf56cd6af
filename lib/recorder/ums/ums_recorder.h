/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A recorder that docks as a disk: one or several logical units (internal memory, a card) with FAT or exFAT
 * volumes on them, read from user space. Nothing on it can be altered: it cannot remove items or set a
 * clock.
 *
 *   ums_recorder_open() ─▶ (sandbox) ─▶ recorder_identify(), recorder_list(), … ─▶ recorder_free()
 *
 * ums_recorder_open() opens the node and claims the interface, and sends nothing on the bulk endpoints: the
 * first verb resets the device and looks for volumes. After it no file is opened any more.
 *
 * Every file is an item, hidden ones too, but for those in folders that an operating system makes on any
 * disk (struct ums_limits); how many were left out is a finding.
 */

#include "recorder/quirks.h"
#include "recorder/recorder.h"

#include <stdbool.h>
#include <stdint.h>

#define UMS_UNITS_MAX    8
#define UMS_VOLUMES_MAX  32
#define UMS_FINDINGS_MAX 32 /* kept from before the listing */

/* A field that is 0 has its default. */
struct ums_limits {
        uint32_t items; /* listed at most, deleted ones among them; 200000 */
        /* Patterns of fnmatch(3) for folders directly below the root whose files are no items; ends with
         * NULL. NULL: "System Volume Information", ".Trash-*", "$RECYCLE.BIN", ".Trashes",
         * ".Spotlight-V100",
         * ".fseventsd". */
        const char *const *left_out;
};

struct ums_open {
        const char *node;                 /* "/dev/bus/usb/003/007" */
        int interface;                    /* -1: by quirk, else choose */
        const struct quirk_table *quirks; /* may be NULL; only used during the call */
        struct ums_limits limits;         /* left_out is borrowed until recorder_free() */
        bool no_device_memory;
        /* As for an MTP recorder: true ends the running verb with RECORDER_CANCELLED. May be NULL. */
        bool (*cancelled)(void *userdata);
        /* A step of recovery or an oddity, worth a line in the log; 'priority' is syslog's. May be NULL. */
        void (*notice)(void *userdata, int priority, const char *text);
        void *userdata; /* of both */
};

/*
 * Opens. RECORDER_BUSY when somebody else holds the interface: 'ret_why' (RECORDER_HOLDER_MAX bytes, may be
 * NULL) then has who. RECORDER_DENIED when the device is also a keyboard, a pointing device or a network
 * card: 'ret_why' has which, and nothing was sent. RECORDER_GONE; RECORDER_UNSUPPORTED when it is no disk;
 * negative errno. Frees with recorder_free().
 */
int ums_recorder_open(struct recorder **ret, const struct ums_open *how, char *ret_why);
