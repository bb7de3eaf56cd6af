/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One logical unit of a disk: the few commands that ask what it is, and what its refusals mean. Each call is
 * bounded: so many tries of one command, so long until the unit is ready.
 *
 * A unit remembers whether its medium may have been exchanged since its capacity was read. From then on
 * nothing that was learnt of it holds, and every command gives RECORDER_MISMATCH.
 */

#include "recorder/ums/bot.h"
#include "recorder/ums/scsi_data.h"

struct scsi_unit {
        struct bot *bot; /* not owned */
        uint8_t lun;
        int ready_ms;            /* how long to wait for it to become ready */
        bool known;              /* its capacity was read */
        bool changed;            /* the medium may have been exchanged since */
        unsigned int generation; /* of the bot when a command passed last: attention is due after a reset */
        struct scsi_sense sense; /* of the last command that failed */
};

#define SCSI_READY_MS 10000

void scsi_unit_init(struct scsi_unit *u, struct bot *bot, uint8_t lun);

/* What to do about a command that failed. */
enum scsi_verdict {
        SCSI_DONE,  /* nothing: an error that the device has mended */
        SCSI_AGAIN, /* the same once more: it cannot say why it failed */
        SCSI_NEWS,  /* the same once more: it failed to tell something that is none of its data */
        SCSI_WAIT,  /* the same once more, a little later */
        SCSI_NO_MEDIUM,
        SCSI_UNREADABLE, /* the medium does not give the data, or the device cannot get them from it */
        SCSI_BEYOND,     /* the medium ends before that, whatever capacity was told */
        SCSI_REFUSED,    /* the device does not do this */
        SCSI_CHANGED,    /* the medium may be another */
};

/* Asks why the last command of the unit failed (REQUEST SENSE). RECORDER_OK with *ret, or as bot_finish().
 */
int scsi_explain(struct scsi_unit *u, enum scsi_verdict *ret);

/* Notes that a command of the unit has passed. */
void scsi_passed(struct scsi_unit *u);

/* INQUIRY. RECORDER_PROTOCOL when the answer is none. */
int scsi_inquire(struct scsi_unit *u, struct scsi_inquiry *ret);

/* TEST UNIT READY until it is. RECORDER_ABSENT: no medium. RECORDER_BUSY: still not ready. */
int scsi_wait_ready(struct scsi_unit *u);

/* READ CAPACITY (10), then (16) when that is needed. RECORDER_UNSUPPORTED for a capacity that cannot be. */
int scsi_read_capacity(struct scsi_unit *u, struct scsi_capacity *ret);

/* READ (10), or READ (16) where that does not reach. 'sectors' is 1 to 65535. */
void scsi_read_encode(const struct scsi_unit *u, uint64_t sector, uint32_t sectors, uint32_t sector_size,
                      struct bot_command *ret);
