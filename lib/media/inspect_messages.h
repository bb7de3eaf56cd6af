/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What recdockd and recdock-inspect say to each other over base/message.h. recdock-inspect is started once,
 * loads its libraries, answers READY, and forks one sandboxed child per REQUEST. A child that crashes, runs
 * out of time or of memory is answered with RESULT all the same: the verdict is `unreadable`, its digests
 * are missing (digested = 0) and recdockd asks again for the digest alone (INSPECT_DIGEST_ONLY), which
 * touches no container code.
 */

#include "base/clock.h"
#include "base/digest.h"
#include "media/verdict.h"

#define INSPECT_SOCKET_FD   3
#define INSPECT_JOBS_MAX    16
#define INSPECT_REASONS_MAX 512
#define INSPECT_NAME_MAX    256

enum inspect_message_type {
        INSPECT_READY = 1,    /* struct inspect_ready */
        INSPECT_RESULT = 2,   /* struct inspect_result */
        INSPECT_REQUEST = 64, /* struct inspect_request + fd (read-only) */
};

enum inspect_flags {
        INSPECT_WITH_SM3 = 1 << 0,
        INSPECT_DIGEST_ONLY = 1 << 1, /* no container check */
        INSPECT_SYNC = 1 << 2,        /* fdatasync first, then drop the pages and read from the disk */
};

struct inspect_ready {
        int32_t landlock_abi;
        uint32_t seccomp;
        uint32_t children_max;
        uint32_t reserved;
};

struct inspect_request {
        uint64_t job; /* echoed */
        uint32_t flags;
        uint32_t timeout_s;          /* 0: by size, at least 60 s and 1 s per 4 MiB */
        int64_t size;                /* expected size */
        char name[INSPECT_NAME_MAX]; /* the item's own name: a hint for the format, nothing is opened by it
                                      */
};

struct inspect_result {
        uint64_t job;
        int32_t error; /* negative errno: the file could not be read (-EIO is a failing disk); verdict then
                          unknown */
        uint32_t verdict;  /* enum media_verdict */
        uint32_t kind;     /* enum media_kind */
        uint32_t digested; /* 1: digests and size are those of the bytes on the disk */
        int64_t size;      /* bytes read */
        struct digest_values digests;
        uint8_t reserved[7];
        uint32_t uncached; /* 1: read with O_DIRECT or after the pages were dropped and seen to be gone */
        uint32_t child_peak_kib;
        int64_t duration;   /* microseconds, -1 unknown */
        instant_t created;  /* container creation time (UTC), INSTANT_NONE */
        char container[32]; /* "mp4", "mov", "avi", "matroska", "mpegts", "mpegps", "wav", "mp3", "aac",
                               "jpeg", "png", … */
        char codecs[96];    /* "h264,aac" */
        char reasons[INSPECT_REASONS_MAX]; /* comma-separated words: "no-moov,zero-sectors@1048576+4096" */
};
