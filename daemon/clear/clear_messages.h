/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What recdockd and recdock-clear say to each other over base/message.h. One connection clears one volume:
 *
 *   recdockd                            recdock-clear
 *   VOLUME                       ──▶    finds the disk, mounts
 *                                ◀──    READY               (or FINISHED: nothing was or will be removed)
 *   FILE…, END                   ──▶
 *                                ◀──    DONE… (one per FILE, in order), FINISHED
 *
 * DONE says what was done; it is on the medium only when FINISHED says that all was synced and unmounted.
 */

#include <stdint.h>

#define CLEAR_SOCKET    "/run/recdock-clear"
#define CLEAR_PORT_MAX  64
#define CLEAR_PATH_MAX  1024 /* recorder.h has no longer ones */
#define CLEAR_TIME_MAX  40
#define CLEAR_FILES_MAX 200000

enum clear_message_type {
        CLEAR_VOLUME = 1, /* struct clear_volume */
        CLEAR_FILE = 2,   /* struct clear_file */
        CLEAR_END = 3,    /* no payload: that was all */

        CLEAR_READY = 64,    /* no payload */
        CLEAR_DONE = 65,     /* struct clear_done */
        CLEAR_FINISHED = 66, /* struct clear_finished */
};

/* Wire values: never renumber. */
enum clear_outcome {
        CLEAR_REMOVED = 0,
        CLEAR_CHANGED = 1, /* there is a file of that path, of another size or time: it stays */
        CLEAR_ABSENT = 2,  /* there is none, or it is no regular file */
        CLEAR_FAILED = 3,  /* 'error' says why: it stays */
};

/* Where the volume is: by the port, never by a device node. */
struct clear_volume {
        char port[CLEAR_PORT_MAX]; /* "3-1.4" */
        char usb_serial[128];      /* "" none */
        uint32_t devnum;
        uint32_t unit;   /* SCSI LUN */
        int64_t offset;  /* of the volume in the unit, bytes */
        uint32_t serial; /* of the volume */
        uint32_t files;  /* how many FILEs are to come at most */
};

struct clear_file {
        uint64_t item; /* echoed */
        int64_t size;
        char time_text[CLEAR_TIME_MAX]; /* as listed, see instant_parse_ptp() */
        char path[CLEAR_PATH_MAX];      /* relative to the volume */
};

struct clear_done {
        uint64_t item;
        int32_t outcome; /* enum clear_outcome */
        int32_t error;   /* negative errno, 0 none */
};

struct clear_finished {
        int32_t error; /* negative errno: what kept the volume from being mounted, synced or unmounted */
        int32_t ended; /* negative errno: what ended it before END; what is DONE is done all the same */
        uint32_t removed;
};
