/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What recdockd and recdock-archive say to each other over base/message.h. One process does one task with
 * one volume:
 *
 *   recdockd                             recdock-archive
 *   BEGIN + folder of the medium    ──▶  (of a disc with recovery data: + an empty file for its image)
 *   CONTENTS + lines (to write)     ──▶  opens the volume's folder, locks itself in
 *                                   ◀──  READY
 *                                   ◀──  WANT (one footage, to write)
 *   SOURCE + footage                ──▶
 *                                   ◀──  PROGRESS…, RESULT… (of footage, and of whatever else is not good)
 *                                   ◀──  ENDED
 *   HOLD at any time: until it is taken back nothing is read or written.
 *
 * To look at a drive there is no volume: BEGIN is answered with READY and DRIVE, and nothing follows.
 *
 * A closed socket ends the process between two blocks. What is written and not proved stays, and is gone on
 * with. Contents are lines of JSON: {"case":{…}} of struct archive_case, then {"file":{…}} of archive_file.
 */

#include "archive/proof.h"

#define ARCHIVE_SOCKET_FD      3
#define ARCHIVE_MESSAGE_TEXT   256
#define ARCHIVE_MESSAGE_PATH   1024
#define ARCHIVE_MESSAGE_NUMBER 96

enum archive_message_type {
        ARCHIVE_MESSAGE_READY = 1,    /* struct archive_ready */
        ARCHIVE_MESSAGE_WANT = 2,     /* struct archive_want */
        ARCHIVE_MESSAGE_PROGRESS = 3, /* struct archive_progress */
        ARCHIVE_MESSAGE_RESULT = 4,   /* struct archive_result */
        ARCHIVE_MESSAGE_ENDED = 5,    /* struct archive_ended */
        ARCHIVE_MESSAGE_DRIVE = 6,    /* struct archive_drive */

        ARCHIVE_MESSAGE_BEGIN = 64, /* struct archive_begin + folder; a disc has none, or the scratch file */
        ARCHIVE_MESSAGE_CONTENTS = 65, /* no payload + file */
        ARCHIVE_MESSAGE_SOURCE = 66,   /* struct archive_source + file, none when there is an error */
        ARCHIVE_MESSAGE_HOLD = 67,     /* struct archive_hold */
};

enum archive_task { ARCHIVE_TASK_WRITE = 0, ARCHIVE_TASK_VERIFY = 1, ARCHIVE_TASK_LOOK = 2 };

/* What kind of medium it is: who writes there. */
enum archive_backend { ARCHIVE_BACKEND_FOLDER = 0, ARCHIVE_BACKEND_DISC = 1 };

/* The volume's imprint, and how to work. Texts may be "". */
struct archive_begin {
        uint32_t task;
        uint32_t backend;
        uint32_t cached_is_enough;
        uint32_t hash_list; /* the volume has a media hash list */
        uint32_t recovery;  /* percent of recovery data of a disc; 0: none. To look: is it to be told of? */
        uint32_t reserved;
        instant_t made_at;
        char number[ARCHIVE_MESSAGE_NUMBER];
        char station[ARCHIVE_MESSAGE_TEXT];
        char organization[ARCHIVE_MESSAGE_TEXT];
        char custodian[ARCHIVE_MESSAGE_TEXT];
        char medium[ARCHIVE_MESSAGE_NUMBER];
        char drive[ARCHIVE_MESSAGE_TEXT]; /* of a disc */
};

struct archive_ready {
        int32_t landlock_abi;
        uint32_t seccomp;
};

struct archive_want {
        int64_t footage;
};

struct archive_source {
        int64_t footage;
        int32_t error; /* negative errno */
        uint32_t reserved;
};

struct archive_progress {
        uint32_t phase; /* enum archive_phase */
        uint32_t reserved;
        int64_t done, total; /* bytes */
};

struct archive_result {
        int64_t footage; /* 0: of the volume's own, or not known here */
        uint32_t result; /* enum proof_result */
        uint32_t reserved;
        char path[ARCHIVE_MESSAGE_PATH];
};

struct archive_ended {
        int32_t outcome; /* enum archive_outcome, or a negative errno of this side */
        int32_t error;   /* of the medium or the source, negative */
        uint64_t files;
        int64_t bytes;   /* proved */
        int64_t footage; /* of 'path', 0 */
        uint64_t counts[_PROOF_MAX];
        uint8_t seal[DIGEST_SIZE];
        char path[ARCHIVE_MESSAGE_PATH]; /* where it ended, "" at its end */
};

/* What is in a drive, as optical/disc_drive.h has it. */
enum archive_disc {
        ARCHIVE_DISC_NONE = 0,
        ARCHIVE_DISC_BLANK = 1,
        ARCHIVE_DISC_OURS = 2,
        ARCHIVE_DISC_FOREIGN = 3,
};

struct archive_drive {
        int32_t error; /* negative errno: nothing else is known */
        uint32_t disc; /* enum archive_disc */
        int32_t coder; /* 0, or -ENOPKG: recovery data cannot be made */
        uint32_t reserved;
        int64_t capacity;
        char kind[32], media_id[96];
        char volume[ARCHIVE_MESSAGE_TEXT]; /* the number of ARCHIVE_DISC_OURS */
};

struct archive_hold {
        uint32_t hold;
};
