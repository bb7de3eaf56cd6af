// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The commands of a disk: which there are, what each needs, and the two that move sectors. A command that
 * could change what is on the medium is counted as a violation before it is looked at, whatever its fate.
 */

#include "recsim_operation.h"
#include "recsim_ums.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

enum {
        NEEDS_MEDIUM = 1 << 0,
        ATTENTIVE = 1 << 1, /* fails while there is a unit attention */
};

struct ums_unit *recsim_ums_unit(struct recsim *r)
{
        return &r->ums->units[r->ums->command.lun];
}

struct recsim_occasion recsim_ums_occasion(const struct recsim *r, uint64_t from, uint64_t to)
{
        const struct recsim_ums *u = r->ums;

        return (struct recsim_occasion){
                        .op = u->command.cdb[0],
                        .lun = u->command.lun,
                        .lba = u->reply.lba,
                        .sectors = u->reply.sectors,
                        .from = from,
                        .to = to,
        };
}

static const struct recsim_fault *due(struct recsim *r, enum recsim_fault_kind kind)
{
        struct recsim_occasion o = recsim_ums_occasion(r, 0, 0);

        return recsim_faults_due(&r->faults, kind, &o);
}

void recsim_ums_fail(struct recsim *r, struct ums_reply *reply, uint32_t sense)
{
        struct ums_unit *unit = recsim_ums_unit(r);

        reply->failed = true;
        unit->sense = sense;
        unit->has_lba = false;
}

static void fail_at(struct recsim *r, struct ums_reply *reply, uint32_t sense, uint64_t lba)
{
        struct ums_unit *unit = recsim_ums_unit(r);

        recsim_ums_fail(r, reply, sense);
        unit->has_lba = true;
        unit->sense_lba = lba;
}

uint64_t recsim_ums_capacity(struct recsim *r)
{
        const struct recsim_fault *f = due(r, FAULT_CAPACITY);

        return f ? f->value : recsim_ums_unit(r)->medium.sectors;
}

void recsim_ums_range(const struct ums_command *c, uint64_t *ret_lba, uint64_t *ret_sectors)
{
        const uint8_t *p = c->cdb;

        switch (p[0]) {
        case SCSI_READ_6:
                *ret_lba = recsim_get_be32(p) & 0x1FFFFF;
                *ret_sectors = p[4] ? p[4] : 256;
                break;
        case SCSI_READ_10:
        case SCSI_WRITE_10:
        case SCSI_VERIFY_10:
                *ret_lba = recsim_get_be32(p + 2);
                *ret_sectors = recsim_get_be16(p + 7);
                break;
        case SCSI_READ_12:
        case SCSI_WRITE_12:
                *ret_lba = recsim_get_be32(p + 2);
                *ret_sectors = recsim_get_be32(p + 6);
                break;
        case SCSI_READ_16:
        case SCSI_WRITE_16:
                *ret_lba = recsim_get_be64(p + 2);
                *ret_sectors = recsim_get_be32(p + 10);
                break;
        default:
                *ret_lba = *ret_sectors = 0;
        }
}

/* --- sectors ----------------------------------------------------------------------------------------------
 */

/* False when the sectors are not all there, whatever was told of it, and the command has failed for it. */
static bool range_allowed(struct recsim *r, struct ums_reply *reply)
{
        uint64_t end = recsim_ums_unit(r)->medium.sectors;

        if (reply->lba <= end && reply->sectors <= end - reply->lba)
                return true;
        fail_at(r, reply, SENSE_OUT_OF_RANGE, MAX(reply->lba, end));
        return false;
}

/* False when the device does not like reads of this size. */
static bool size_allowed(struct recsim *r, struct ums_reply *reply)
{
        const struct recsim_fault *f = NULL;

        for (size_t i = 0; i < r->faults.n; i++) {
                const struct recsim_fault *limit = &r->faults.entry[i];

                if ((limit->kind == FAULT_READ_LIMIT || limit->kind == FAULT_READ_LIMIT_STALL) &&
                    reply->sectors > limit->value)
                        f = due(r, limit->kind);
                if (f)
                        break;
        }
        if (f && f->kind == FAULT_READ_LIMIT_STALL)
                reply->dead = true;
        else if (f)
                recsim_ums_fail(r, reply, SENSE_BAD_FIELD);
        return !f;
}

/* The first sector that cannot be read now; the end of the range when all can. */
static uint64_t first_unreadable(struct recsim *r, const struct ums_reply *reply)
{
        struct recsim_occasion o = recsim_ums_occasion(r, 0, 0);
        const struct recsim_fault *f;

        while (o.sectors > 0 && (f = recsim_faults_due(&r->faults, FAULT_MEDIUM, &o)))
                o.sectors = MAX(f->lba_first, o.lba) - o.lba;
        return reply->lba + o.sectors;
}

static void run_read(struct recsim *r, struct ums_reply *reply)
{
        struct recsim_medium *m = &recsim_ums_unit(r)->medium;
        uint64_t readable;

        recsim_count_size(r->ums->reads, &r->ums->n_reads, reply->sectors * m->sector);
        if (!size_allowed(r, reply) || !range_allowed(r, reply))
                return;
        readable = first_unreadable(r, reply) - reply->lba;
        reply->medium = true;
        reply->offset = reply->lba * m->sector;
        reply->size = readable * m->sector;
        if (readable < reply->sectors)
                fail_at(r, reply, SENSE_UNREADABLE, reply->lba + readable);
}

static void run_write(struct recsim *r, struct ums_reply *reply)
{
        struct recsim_medium *m = &recsim_ums_unit(r)->medium;

        if (!r->profile.writable) {
                recsim_ums_fail(r, reply, SENSE_WRITE_PROTECTED);
                return;
        }
        if (!range_allowed(r, reply))
                return;
        reply->store = true;
        reply->offset = reply->lba * m->sector;
        reply->wanted = reply->sectors * m->sector;
}

static void run_verify(struct recsim *r, struct ums_reply *reply)
{
        (void)range_allowed(r, reply);
}

/* --- the rest ---------------------------------------------------------------------------------------------
 */

static void run_nothing(struct recsim *r, struct ums_reply *reply)
{
        (void)r;
        (void)reply;
}

/* Fixed format, SPC-4 4.5.3; what is told is forgotten. */
static void run_request_sense(struct recsim *r, struct ums_reply *reply)
{
        struct ums_unit *unit = recsim_ums_unit(r);
        struct recsim_buffer *b = &reply->data;
        bool has_lba = unit->has_lba && unit->sense_lba <= UINT32_MAX;

        recsim_put_u8(b, has_lba ? 0xF0 : 0x70);
        recsim_put_u8(b, 0);
        recsim_put_u8(b, (uint8_t)(unit->sense >> 16));
        recsim_put_be32(b, has_lba ? (uint32_t)unit->sense_lba : 0);
        recsim_put_u8(b, 10);
        recsim_put_be32(b, 0);
        recsim_put_u8(b, (uint8_t)(unit->sense >> 8));
        recsim_put_u8(b, (uint8_t)unit->sense);
        recsim_put_be32(b, 0);
        reply->size = MIN(b->size, r->ums->command.cdb[4]);
        unit->sense = SENSE_NONE;
        unit->has_lba = false;
}

static const struct ums_verb {
        uint8_t op;
        unsigned int needs;
        void (*run)(struct recsim *r, struct ums_reply *reply);
} verbs[] = {
                {SCSI_TEST_UNIT_READY, NEEDS_MEDIUM | ATTENTIVE, run_nothing},
                {SCSI_REQUEST_SENSE, 0, run_request_sense},
                {SCSI_READ_6, NEEDS_MEDIUM | ATTENTIVE, run_read},
                {SCSI_INQUIRY, 0, recsim_ums_inquiry},
                {SCSI_MODE_SENSE_6, ATTENTIVE, recsim_ums_mode_sense},
                {SCSI_START_STOP, ATTENTIVE, run_nothing},
                {SCSI_PREVENT_ALLOW, ATTENTIVE, run_nothing},
                {SCSI_READ_FORMAT_CAPACITIES, NEEDS_MEDIUM | ATTENTIVE, recsim_ums_format_capacities},
                {SCSI_READ_CAPACITY_10, NEEDS_MEDIUM | ATTENTIVE, recsim_ums_read_capacity},
                {SCSI_READ_10, NEEDS_MEDIUM | ATTENTIVE, run_read},
                {SCSI_WRITE_10, NEEDS_MEDIUM | ATTENTIVE, run_write},
                {SCSI_VERIFY_10, NEEDS_MEDIUM | ATTENTIVE, run_verify},
                {SCSI_SYNCHRONIZE_CACHE, NEEDS_MEDIUM | ATTENTIVE, run_nothing},
                {SCSI_MODE_SENSE_10, ATTENTIVE, recsim_ums_mode_sense},
                {SCSI_READ_16, NEEDS_MEDIUM | ATTENTIVE, run_read},
                {SCSI_WRITE_16, NEEDS_MEDIUM | ATTENTIVE, run_write},
                {SCSI_SERVICE_ACTION_IN, NEEDS_MEDIUM | ATTENTIVE, recsim_ums_read_capacity_16},
                {SCSI_REPORT_LUNS, 0, recsim_ums_report_luns},
                {SCSI_READ_12, NEEDS_MEDIUM | ATTENTIVE, run_read},
                {SCSI_WRITE_12, NEEDS_MEDIUM | ATTENTIVE, run_write},
};

/* The reason why this command cannot be run now, SENSE_NONE when it can. */
static uint32_t obstacle(struct recsim *r, const struct ums_verb *verb)
{
        const struct recsim_fault *f;

        if (!verb)
                return SENSE_UNKNOWN_COMMAND;
        f = due(r, FAULT_SENSE);
        if (f)
                return f->has_value ? (uint32_t)f->value & 0xFFFFFF : SENSE_ABORTED;
        if ((verb->needs & ATTENTIVE) && due(r, FAULT_ATTENTION))
                return SENSE_CHANGED;
        if (!(verb->needs & NEEDS_MEDIUM))
                return SENSE_NONE;
        if (recsim_ums_unit(r)->medium.fd < 0 || due(r, FAULT_EMPTY))
                return SENSE_NO_MEDIUM;
        return due(r, FAULT_NOT_READY) ? SENSE_BECOMING_READY : SENSE_NONE;
}

void recsim_ums_execute(struct recsim *r, struct ums_reply *reply)
{
        const struct ums_verb *verb = NULL;
        uint8_t op = r->ums->command.cdb[0];
        uint32_t sense;

        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                if (verbs[i].op == op)
                        verb = &verbs[i];
        }
        if (op != SCSI_REQUEST_SENSE)
                recsim_ums_unit(r)->sense = SENSE_NONE;
        sense = obstacle(r, verb);
        if (sense != SENSE_NONE)
                recsim_ums_fail(r, reply, sense);
        else
                verb->run(r, reply);
}
