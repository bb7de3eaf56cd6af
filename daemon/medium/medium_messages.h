/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What recdockd and recdock-medium say to each other over base/message.h. One connection is one medium:
 *
 *   recdockd                            recdock-medium
 *   OPEN                         ──▶    finds the volume, mounts it
 *                                ◀──    OPENED and the root of the mount  (or REFUSED)
 *   CLOSE                        ──▶    writes all there is, unmounts, flushes the disk
 *                                ◀──    CLOSED
 *
 *   INIT                         ──▶    makes a file system on a disk that holds nothing
 *                                ◀──    INITIALISED                       (or REFUSED)
 *
 * The mount ends with the connection, whoever ends it. After INITIALISED the disk stays locked until the
 * connection ends, and udev looks at it again then: who has it registered by that time has it hidden from
 * everybody else at once.
 */

#include <stdint.h>

#define MEDIUM_SOCKET    "/run/recdock-medium"
#define MEDIUM_PORT_MAX  64
#define MEDIUM_UUID_MAX  64
#define MEDIUM_TYPE_MAX  32 /* "linux_raid_member" */
#define MEDIUM_LABEL_MAX 12 /* eleven characters: what every file system here has room for */
#define MEDIUM_WORD_MAX  128
#define MEDIUM_WHY_MAX   400

enum medium_message_type {
        MEDIUM_OPEN = 1,  /* struct medium_open */
        MEDIUM_CLOSE = 2, /* no payload */
        MEDIUM_INIT = 3,  /* struct medium_init */

        MEDIUM_OPENED = 64,      /* struct medium_facts, and a descriptor */
        MEDIUM_CLOSED = 65,      /* struct medium_closed */
        MEDIUM_INITIALISED = 66, /* struct medium_facts */
        MEDIUM_REFUSED = 67,     /* struct medium_failed */
};

/* Wire values: never renumber. */
enum medium_format {
        MEDIUM_EXT4 = 1,
        MEDIUM_EXFAT = 2,
};

/* Which disk, if there could be several. No node of a device: what it is called is udev's affair. */
struct medium_place {
        char port[MEDIUM_PORT_MAX]; /* USB port, "3-1.4"; "" any */
        uint32_t major, minor;      /* of the block device; both 0 any */
};

struct medium_open {
        char uuid[MEDIUM_UUID_MAX]; /* of the file system, as udev's ID_FS_UUID */
        struct medium_place place;
};

struct medium_init {
        struct medium_place place; /* port or number is to be given */
        uint32_t format;           /* enum medium_format */
        char label[MEDIUM_LABEL_MAX];
        /* "": nothing that is on it may be lost. Else what somebody has typed: it goes if that is the disk's
         * serial number, or the UUID of what is on it. */
        char force[MEDIUM_WORD_MAX];
};

struct medium_facts {
        char uuid[MEDIUM_UUID_MAX];
        char type[MEDIUM_TYPE_MAX];   /* "ext4", "exfat", "vfat" */
        char serial[MEDIUM_WORD_MAX]; /* of the USB device, printable, "" none */
        char port[MEDIUM_PORT_MAX];
        uint32_t major, minor;
        uint64_t size; /* of the block device, bytes */
};

struct medium_closed {
        int32_t error; /* 0, or a negative errno for what is not known to be on the medium; -EBUSY: all is,
                          but somebody still has files of it open */
};

struct medium_failed {
        int32_t error;
        char text[MEDIUM_WHY_MAX]; /* a sentence for people */
};
