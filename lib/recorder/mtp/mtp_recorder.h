/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A recorder that speaks MTP or PTP over USB (MTP 1.1; PIMA 15740; USB Still Image Capture Device 1.0).
 *
 *   load quirks ─▶ mtp_recorder_open() ─▶ (sandbox) ─▶ recorder_identify(), recorder_list(), … ─▶
 * recorder_free()
 *
 * mtp_recorder_open() opens the node and claims the interface, and sends nothing on the bulk endpoints: the
 * first verb opens the session. After it no file is opened any more, so the caller can lock itself in
 * between the two.
 */

#include "recorder/quirks.h"
#include "recorder/recorder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct usb_device;

/* Bounds on time (milliseconds) and count; a field that is 0 has its default. */
struct mtp_limits {
        int command_ms;          /* until the answer to one command; 20000 */
        int stall_ms;            /* without progress within data; 5000 */
        int busy_ms;             /* DeviceBusy, all tries of one command together; 10000 */
        int locked_ms;           /* for a storage to appear; 3000 */
        int drain_ms;            /* for the rest of a cancelled transaction; 2000 */
        unsigned int stale;      /* answers to older transactions, per transaction; 32 */
        unsigned int recoveries; /* steps of the ladder, per docking; 24 */
        unsigned int objects;    /* listed at most; 200000 */
};

struct recorder_open {
        const char *node;                 /* "/dev/bus/usb/003/007" */
        int interface;                    /* -1: by quirk, else choose */
        const struct quirk_table *quirks; /* may be NULL; only used during the call */
        struct mtp_limits limits;
        bool no_device_memory;
        /* Ends the running verb with RECORDER_CANCELLED when it gives true. Called in the verb's thread at
         * least every 100 ms while it waits; it may read a flag that any thread sets and whoever set it
         * clears. May be NULL. */
        bool (*cancelled)(void *userdata);
        /* A step of recovery or an oddity of the device, worth a line in the log; 'priority' is syslog's.
         * May be NULL. */
        void (*notice)(void *userdata, int priority, const char *text);
        void *userdata; /* of both */
};

/*
 * Opens. RECORDER_BUSY when somebody else holds the interface: ret_holder (RECORDER_HOLDER_MAX bytes, may be
 * NULL) then has "gvfsd-mtp (pid 1234)" or "". RECORDER_GONE; RECORDER_UNSUPPORTED when no interface fits;
 * negative errno. Frees with recorder_free().
 */
int mtp_recorder_open(struct recorder **ret, const struct recorder_open *how, char *ret_holder);
