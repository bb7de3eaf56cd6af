// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Commands to one logical unit; see scsi.h. A unit announces news (it was reset, its medium is new) by
 * failing the next command with UNIT ATTENTION (SAM-5, section 5.14); some do so several times over.
 */
#include "recorder/ums/scsi.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "recorder/ums/bot_wire.h"

#include <string.h>

#define TRIES_MAX     8
#define ANSWERS_MAX   3
#define READY_STEP_MS 200

void scsi_unit_init(struct scsi_unit *u, struct bot *bot, uint8_t lun)
{
        *u = (struct scsi_unit){.bot = bot, .lun = lun, .ready_ms = SCSI_READY_MS};
}

void scsi_passed(struct scsi_unit *u)
{
        u->generation = u->bot->generation;
}

/* A medium that was there when the capacity was read, and news of it that no reset of ours explains. */
static bool medium_changed(const struct scsi_unit *u)
{
        return u->known && u->sense.asc == SCSI_ASC_MEDIUM_MAY_HAVE_CHANGED &&
               u->generation == u->bot->generation;
}

static enum scsi_verdict sense_judge(const struct scsi_unit *u)
{
        switch (u->sense.key) {
        case SCSI_NO_SENSE:
                return SCSI_AGAIN;
        case SCSI_RECOVERED_ERROR:
                return SCSI_DONE;
        case SCSI_NOT_READY:
                return u->sense.asc == SCSI_ASC_MEDIUM_NOT_PRESENT ? SCSI_NO_MEDIUM : SCSI_WAIT;
        case SCSI_UNIT_ATTENTION:
                return medium_changed(u) ? SCSI_CHANGED : SCSI_NEWS;
        case SCSI_ILLEGAL_REQUEST:
                return u->sense.asc == SCSI_ASC_LBA_OUT_OF_RANGE ? SCSI_BEYOND : SCSI_REFUSED;
        case SCSI_DATA_PROTECT:
                return SCSI_REFUSED;
        default:
                return SCSI_UNREADABLE;
        }
}

int scsi_explain(struct scsi_unit *u, enum scsi_verdict *ret)
{
        struct bot_command c = {.lun = u->lun,
                                .cdb_size = 6,
                                .cdb = {0x03, 0, 0, 0, SCSI_SENSE_SIZE},
                                .size = SCSI_SENSE_SIZE};
        uint8_t data[SCSI_SENSE_SIZE];
        struct bot_answer answer;
        int r = bot_run(u->bot, &c, data, &answer);

        if (r != RECORDER_OK)
                return r;
        /* A device that cannot say why is asked for the same again; who asks counts. */
        if (!answer.passed || !scsi_sense_parse(data, answer.size, &u->sense))
                u->sense = (struct scsi_sense){.key = SCSI_NO_SENSE};
        *ret = sense_judge(u);
        u->changed |= *ret == SCSI_CHANGED;
        return RECORDER_OK;
}

/* One try. RECORDER_OK with *ret_verdict SCSI_DONE: the answer is good. */
static int command_try(struct scsi_unit *u, const struct bot_command *c, void *data, uint32_t *ret_size,
                       enum scsi_verdict *ret_verdict)
{
        struct bot_answer answer;
        int r = bot_run(u->bot, c, data, &answer);

        if (r != RECORDER_OK)
                return r;
        *ret_size = answer.size;
        *ret_verdict = SCSI_DONE;
        if (!answer.passed)
                return scsi_explain(u, ret_verdict);
        scsi_passed(u);
        return RECORDER_OK;
}

static int outcome_of_verdict(enum scsi_verdict verdict)
{
        switch (verdict) {
        case SCSI_DONE:
                return RECORDER_OK;
        case SCSI_NO_MEDIUM:
                return RECORDER_ABSENT;
        case SCSI_REFUSED:
                return RECORDER_UNSUPPORTED;
        case SCSI_CHANGED:
                return RECORDER_MISMATCH;
        case SCSI_UNREADABLE:
        case SCSI_BEYOND:
                return RECORDER_UNREADABLE;
        default:
                return RECORDER_BUSY;
        }
}

/* A small command, tried until there is an answer that stays. */
static int command_run(struct scsi_unit *u, const struct bot_command *c, void *data, uint32_t *ret_size)
{
        int64_t deadline = u->bot->transport->verbs->now(u->bot->transport) + u->ready_ms * USEC_PER_MSEC;
        enum scsi_verdict verdict = SCSI_AGAIN;
        unsigned int tries = 0;

        while (!u->changed) {
                int r = command_try(u, c, data, ret_size, &verdict);

                if ((r == RECORDER_STALLED || r == RECORDER_PROTOCOL) && !u->bot->dead &&
                    ++tries < TRIES_MAX)
                        continue;
                if (r != RECORDER_OK)
                        return r;
                if (verdict == SCSI_WAIT) {
                        if (u->bot->transport->verbs->now(u->bot->transport) >= deadline)
                                return RECORDER_BUSY;
                        if (u->bot->transport->verbs->pause(u->bot->transport, READY_STEP_MS) ==
                            USB_CANCELLED)
                                return RECORDER_CANCELLED;
                } else if ((verdict != SCSI_AGAIN && verdict != SCSI_NEWS) || ++tries >= TRIES_MAX) {
                        return outcome_of_verdict(verdict);
                }
        }
        return RECORDER_MISMATCH;
}

int scsi_inquire(struct scsi_unit *u, struct scsi_inquiry *ret)
{
        struct bot_command c = {.lun = u->lun,
                                .cdb_size = 6,
                                .cdb = {0x12, 0, 0, 0, SCSI_INQUIRY_SIZE},
                                .size = SCSI_INQUIRY_SIZE};
        uint8_t data[SCSI_INQUIRY_SIZE];
        uint32_t size = 0;
        int r = command_run(u, &c, data, &size);

        if (r != RECORDER_OK)
                return r;
        return scsi_inquiry_parse(data, size, ret) ? RECORDER_OK : RECORDER_PROTOCOL;
}

int scsi_wait_ready(struct scsi_unit *u)
{
        struct bot_command c = {.lun = u->lun, .cdb_size = 6};
        uint32_t size = 0;

        return command_run(u, &c, NULL, &size);
}

/* A disk that cannot say its size in the short form may not know the long one: then its first 2^32 sectors
 * are all that can be had of it. */
static int capacity_16(struct scsi_unit *u, struct scsi_capacity *ret)
{
        struct bot_command c = {.lun = u->lun,
                                .cdb_size = 16,
                                .cdb = {0x9e, 0x10, [13] = SCSI_CAPACITY_16_SIZE},
                                .size = SCSI_CAPACITY_16_SIZE};
        uint8_t data[SCSI_CAPACITY_16_SIZE];
        uint32_t size = 0;
        int r = command_run(u, &c, data, &size);

        if (r == RECORDER_UNSUPPORTED)
                return RECORDER_OK;
        if (r != RECORDER_OK)
                return r;
        return scsi_capacity_16_parse(data, size, ret) ? RECORDER_OK : RECORDER_UNSUPPORTED;
}

static int capacity_ask(struct scsi_unit *u, struct scsi_capacity *ret)
{
        struct bot_command c = {.lun = u->lun, .cdb_size = 10, .cdb = {0x25}, .size = SCSI_CAPACITY_10_SIZE};
        uint8_t data[SCSI_CAPACITY_10_SIZE];
        struct scsi_capacity capacity;
        uint32_t size = 0;
        bool more;
        int r = command_run(u, &c, data, &size);

        if (r != RECORDER_OK)
                return r;
        if (!scsi_capacity_10_parse(data, size, &capacity, &more))
                return RECORDER_UNSUPPORTED;
        r = more ? capacity_16(u, &capacity) : RECORDER_OK;
        if (r == RECORDER_OK)
                *ret = capacity;
        return r;
}

int scsi_read_capacity(struct scsi_unit *u, struct scsi_capacity *ret)
{
        int r = RECORDER_UNSUPPORTED;

        /* An answer that says nothing may be a slip. */
        for (unsigned int i = 0; i < ANSWERS_MAX && r == RECORDER_UNSUPPORTED; i++)
                r = capacity_ask(u, ret);
        u->known |= r == RECORDER_OK;
        return r;
}

void scsi_read_encode(const struct scsi_unit *u, uint64_t sector, uint32_t sectors, uint32_t sector_size,
                      struct bot_command *ret)
{
        *ret = (struct bot_command){.lun = u->lun, .size = sectors * sector_size};
        if (sector + sectors <= UINT32_MAX) {
                ret->cdb_size = 10;
                ret->cdb[0] = 0x28;
                scsi_put32(ret->cdb + 2, (uint32_t)sector);
                scsi_put16(ret->cdb + 7, (uint16_t)sectors);
        } else {
                ret->cdb_size = 16;
                ret->cdb[0] = 0x88;
                scsi_put64(ret->cdb + 2, sector);
                scsi_put32(ret->cdb + 10, sectors);
        }
}
