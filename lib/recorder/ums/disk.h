/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The block unit that is a logical unit of a USB disk.
 *
 * Speed: a stream is a sequence of reads as large as the device takes, merged over extents that lie side by
 * side. The next read goes out as soon as the status of the one before it is in, before its data are used. A
 * size that fails again and again, while its halves do not, is not asked for any more.
 *
 * Truth: no byte is handed on before the device has said that the read it belongs to has passed. What fails
 * is tried again, then halved down to the sector; exactly the sectors that do not come are told as
 * unreadable.
 *
 * Patience: a dying medium answers each read after seconds, and a recorder must not sit in its bay for days.
 * Failed reads of a unit have a budget of time, and of ranges:
 *
 *   within 'narrow_ms' and 'narrow_ranges'   a failure is tried again (the single sector three times), and
 *                                            narrowed down to the sector
 *   within 'coarse_ms'                       not tried again, narrowed to 64 KiB only
 *   beyond                                   not narrowed; behind each failure some more is skipped unread,
 *                                            twice as much each time in a row (1 MiB to 256 MiB)
 *
 * All that is not read is told as unreadable, whatever the reason. But a unit of which no read passes at
 * all, for twice 'narrow_ms' when it is new and twice 'coarse_ms' later on, is given up: RECORDER_STALLED.
 *
 * A unit that lies about its size says so at the first read behind its true end. That one is halved down to
 * the first sector that is not there; from then on nothing behind it is asked for.
 *
 * A unit that is not ready any more is waited for; what it does not give then is not the medium's fault, and
 * ends the read with RECORDER_BUSY.
 */

#include "recorder/ums/block.h"
#include "recorder/ums/scsi.h"

#define DISK_READ_SIZE_DEFAULT (1024U * 1024)
#define DISK_READ_SIZE_MAX     (4U * 1024 * 1024)
#define DISK_READ_SIZE_MIN     (64U * 1024)

/* A field that is 0 has its default. */
struct disk_limits {
        uint32_t read_size;         /* bytes of one command to begin with; 1 MiB */
        int narrow_ms;              /* 60000 */
        unsigned int narrow_ranges; /* 1000 */
        int coarse_ms;              /* 300000 */
        int ready_ms;               /* for the unit to become ready; 10000 */
};

struct disk_figures {
        uint32_t read_size;        /* bytes of one command now */
        uint64_t commands;         /* reads that were sent */
        uint64_t failed;           /* of them */
        uint64_t unreadable_bytes; /* told to sinks */
};

/*
 * Wakes the unit up and asks for its size. RECORDER_ABSENT when there is no medium, RECORDER_UNSUPPORTED
 * when it is no disk, RECORDER_BUSY when it does not become ready; otherwise as bot_finish(). 'bot' stays
 * the caller's and must outlive the unit. *ret_inquiry (may be NULL) is set whenever the unit said what it
 * is, also without RECORDER_OK.
 */
int disk_open(struct block_unit **ret, struct bot *bot, uint8_t lun, const struct disk_limits *limits,
              struct scsi_inquiry *ret_inquiry);
void disk_free(struct block_unit *unit);

/* The medium may be another one than when the unit was opened: every read gives RECORDER_MISMATCH from now
 * on, or RECORDER_ABSENT when there was none. Only for a unit made by disk_open(). */
bool disk_changed(const struct block_unit *unit);

/* Only for a unit made by disk_open(). */
void disk_figures(const struct block_unit *unit, struct disk_figures *ret);
