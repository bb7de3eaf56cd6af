/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What recdockd and one recdock-offload say to each other over base/message.h. The worker speaks first:
 *
 *   worker                              recdockd
 *   SANDBOX, IDENTITY            ──▶
 *                                ◀──    LIST                (or CLOSE: an unregistered recorder is not read)
 *   (VOLUME | ITEM | DELETED | FINDING)…, LISTED ──▶
 *                                ◀──    FETCH + fd          (several may wait in the worker; done in order)
 *   PROGRESS…, CHECKPOINT…, UNREADABLE…, FETCHED ─▶
 *                                ◀──    REMOVE, SET_CLOCK, CLOSE
 *   REMOVED, CLOCK_SET           ──▶
 *
 * FETCHED come in the order of their FETCHes; the next item may be read, and told of, before this one's
 * FETCHED. NOTICE may come at any time, FAILED ends the docking and is followed by the worker's exit. A
 * FETCH may be sent while the worker still lists; it is done after LISTED. recdockd treats every value as
 * coming from the device.
 */

#include "base/digest.h"
#include "recorder/recorder.h"

#define OFFLOAD_SOCKET_FD      3
#define OFFLOAD_GIVER_FD       4 /* of --driver=folder: who imports (folder/folder_messages.h) */
#define OFFLOAD_FETCH_MAX      8 /* FETCHes a worker holds at most */
#define OFFLOAD_NOTICE_MAX     512
#define OFFLOAD_UNREADABLE_MAX 256 /* of one FETCH */

enum offload_message_type {
        OFFLOAD_SANDBOX = 1,     /* struct offload_sandbox */
        OFFLOAD_IDENTITY = 2,    /* struct recorder_identity */
        OFFLOAD_ITEM = 3,        /* struct recorder_item */
        OFFLOAD_LISTED = 4,      /* struct offload_listed */
        OFFLOAD_PROGRESS = 5,    /* struct offload_progress, at most 5 a second, and only when bytes moved */
        OFFLOAD_CHECKPOINT = 6,  /* struct offload_checkpoint: this much is fdatasync'ed */
        OFFLOAD_FETCHED = 7,     /* struct offload_fetched */
        OFFLOAD_REMOVED = 8,     /* struct offload_removed */
        OFFLOAD_CLOCK_SET = 9,   /* struct offload_clock_set */
        OFFLOAD_NOTICE = 10,     /* struct offload_notice: a step of recovery, an oddity worth a log line */
        OFFLOAD_FAILED = 11,     /* struct offload_failed */
        OFFLOAD_UNREADABLE = 12, /* struct offload_unreadable: before a CHECKPOINT has the range in it */
        OFFLOAD_DELETED = 13,    /* struct recorder_deleted; a recoverable one can be FETCHed by its index */
        OFFLOAD_FINDING = 14,    /* struct recorder_finding */
        OFFLOAD_VOLUME = 15,     /* struct recorder_volume */

        OFFLOAD_LIST = 64,      /* no payload */
        OFFLOAD_FETCH = 65,     /* struct offload_fetch + fd (read-write) */
        OFFLOAD_REMOVE = 66,    /* struct offload_remove */
        OFFLOAD_SET_CLOCK = 67, /* struct offload_set_clock */
        /* No payload: end the running read, forget waiting FETCHes; each is answered FETCHED/cancelled. */
        OFFLOAD_CANCEL = 68,
        OFFLOAD_CLOSE = 69, /* no payload: close the session, exit 0 */
};

struct offload_sandbox {
        int32_t landlock_abi; /* 0 none */
        uint32_t no_new_privs;
        uint32_t seccomp;
        uint32_t zero_copy; /* usbfs memory was given */
};

struct offload_listed {
        uint32_t items;
        uint32_t complete; /* 0: part of the tree could not be listed */
        int32_t outcome;   /* enum recorder_outcome */
        uint32_t reserved;
};

struct offload_fetch {
        uint64_t item;  /* recdockd's own number, echoed */
        uint32_t index; /* recorder_item.index */
        uint32_t with_sm3;
        int64_t offset;      /* bytes of the part that are kept: the worker digests them again first */
        int64_t size;        /* as listed, -1 unknown */
        uint32_t has_prefix; /* the digest of [0, offset) is known: another one means start from 0 */
        uint8_t prefix_sha256[DIGEST_SIZE];
        uint32_t reserved;
};

struct offload_progress {
        uint64_t item;
        int64_t bytes; /* in the part, counted from 0 of the file */
        int64_t size;  /* -1 unknown */
};

struct offload_checkpoint {
        uint64_t item;
        int64_t bytes;               /* on the disk: fdatasync has returned */
        uint8_t sha256[DIGEST_SIZE]; /* of those bytes */
};

struct offload_fetched {
        uint64_t item;
        int32_t outcome;     /* enum recorder_outcome; OK: all bytes are in the part (not yet synced) */
        int32_t error;       /* negative errno of this host, 0 none */
        int64_t size;        /* of the whole file when OK, else bytes kept in the part and synced */
        int64_t from_device; /* bytes that came over USB for this FETCH */
        struct digest_values digests; /* of [0, size) */
        uint8_t reserved[7];
        uint32_t transfers;     /* bulk transfers used */
        uint32_t transfer_size; /* bytes of one */
        uint32_t depth;         /* in flight */
        uint32_t recoveries;    /* steps of the ladder taken */
        int64_t unreadable;     /* bytes that UNREADABLE has told of for this FETCH: zeros in the part */
};

/* A range of the file that the medium does not give: the part has zeros there. The last one of so many is
 * for all that follows: what is readable of it is in the part, and which is not told. */
struct offload_unreadable {
        uint64_t item;
        int64_t offset;
        int64_t size;
        uint32_t rest; /* the last one */
        uint32_t reserved;
};

struct offload_remove {
        uint64_t item;
        uint32_t index;
        uint32_t reserved;
};

struct offload_removed {
        uint64_t item;
        int32_t outcome;
        uint32_t reserved;
};

struct offload_set_clock {
        char text[RECORDER_TIME_MAX]; /* the time to set, "YYYYMMDDThhmmss", in the station's zone, or with
                                         "Z" or an offset behind it */
};

struct offload_clock_set {
        int32_t outcome;
        uint32_t reserved;
        char before[RECORDER_TIME_MAX];
        struct recorder_clock after; /* station INSTANT_NONE: it was not read back */
};

struct offload_notice {
        int32_t priority; /* syslog */
        char text[OFFLOAD_NOTICE_MAX];
};

struct offload_failed {
        int32_t outcome;               /* enum recorder_outcome */
        int32_t error;                 /* negative errno, 0 none */
        char text[OFFLOAD_NOTICE_MAX]; /* for BUSY: who holds the interface, when that can be told */
};
