// SPDX-License-Identifier: LGPL-2.1-or-later
/* The disk of the scripted device: SCSI commands answered from a few figures; see test_bot_device.h. */
#include "test_bot_device.h"

#include "base/cleanup.h"
#include "recorder/ums/bot_wire.h"

#include <check.h>
#include <string.h>

static void sense_send(struct sim *sim, const struct sim_cbw *c)
{
        uint8_t sense[18] = {0};

        if (sim->descriptor_sense) {
                sense[0] = 0x72;
                sense[1] = sim->key;
                sense[2] = sim->asc;
                sense[3] = sim->ascq;
        } else {
                sense[0] = 0x70;
                sense[2] = sim->key;
                sense[7] = 10;
                sense[12] = sim->asc;
                sense[13] = sim->ascq;
        }
        sim->key = sim->asc = sim->ascq = 0;
        sim_send(sim, sense, MIN(sizeof(sense), (size_t)c->size));
        sim_csw(sim, c->tag, c->size - (uint32_t)MIN(sizeof(sense), (size_t)c->size), 0);
}

void sim_check(struct sim *sim, const struct sim_cbw *c, uint8_t key, uint8_t asc, uint8_t ascq)
{
        sim->key = key;
        sim->asc = asc;
        sim->ascq = ascq;
        if (c->size > 0)
                sim_send_fail(sim, USB_STALL);
        sim_csw(sim, c->tag, c->size, 1);
}

static void inquiry_send(struct sim *sim, const struct sim_cbw *c)
{
        uint8_t data[36] = {0, 0x80, 4, 2, 31};

        memcpy(data + 8, "Recorder", 8);
        memcpy(data + 16, "DSJ-A7          ", 16);
        memcpy(data + 32, "1.00", 4);
        sim_send(sim, data, sizeof(data));
        sim_csw(sim, c->tag, c->size - 36, 0);
}

static void capacity_10_send(struct sim *sim, const struct sim_cbw *c)
{
        uint8_t data[8];

        scsi_put32(data, (uint32_t)MIN(sim->sectors - 1, (uint64_t)UINT32_MAX));
        scsi_put32(data + 4, sim->sector_size);
        sim_send(sim, data, sizeof(data));
        sim_csw(sim, c->tag, 0, 0);
}

static void capacity_16_send(struct sim *sim, const struct sim_cbw *c)
{
        uint8_t data[32] = {0};

        scsi_put64(data, sim->sectors - 1);
        scsi_put32(data + 8, sim->sector_size);
        sim_send(sim, data, sizeof(data));
        sim_csw(sim, c->tag, 0, 0);
}

static bool is_bad(const struct sim *sim, uint64_t first, uint64_t sectors)
{
        for (size_t i = 0; i < sim->n_bad; i++)
                if (sim->bad[i] >= first && sim->bad[i] < first + sectors)
                        return true;
        return false;
}

static void sectors_send(struct sim *sim, const struct sim_cbw *c, uint64_t first)
{
        _cleanup_free_ uint8_t *data = malloc(c->size);

        ck_assert_ptr_nonnull(data);
        for (uint32_t i = 0; i < c->size; i++)
                data[i] = sim_byte(first * sim->sector_size + i);
        sim_send(sim, data, c->size);
        /* A host that asked for exactly as much sees no empty packet. */
        sim->bursts[sim->n - 1].joined = true;
        sim_csw(sim, c->tag, 0, 0);
}

static void read_run(struct sim *sim, const struct sim_cbw *c)
{
        bool long_form = c->cdb[0] == 0x88;
        uint64_t first = long_form ? scsi_get64(c->cdb + 2) : scsi_get32(c->cdb + 2);
        uint32_t sectors = long_form ? scsi_get32(c->cdb + 10) : (uint32_t)(c->cdb[7] << 8 | c->cdb[8]);

        ck_assert_uint_eq((uint64_t)sectors * sim->sector_size, c->size);
        if (sim->reads < ELEMENTSOF(sim->read_sizes))
                sim->read_sizes[sim->reads] = c->size;
        sim->reads++;
        if (sim->hanging >= first && sim->hanging < first + sectors)
                return;
        if (sim->most && c->size > sim->most)
                return;
        if (first + sectors > sim->sectors) {
                sim_check(sim, c, SCSI_ILLEGAL_REQUEST, SCSI_ASC_LBA_OUT_OF_RANGE, 0);
        } else if (is_bad(sim, first, sectors)) {
                sim->now += sim->bad_usec;
                sim_check(sim, c, SCSI_MEDIUM_ERROR, 0x11, 0);
        } else {
                sectors_send(sim, c, first);
        }
}

/* What fails a command before it is looked at. INQUIRY and REQUEST SENSE are never failed by it
 * (SAM-5, 5.14). */
static bool fails_first(struct sim *sim, const struct sim_cbw *c)
{
        if (sim->attentions > 0) {
                sim->attentions--;
                sim_check(sim, c, SCSI_UNIT_ATTENTION, sim->attention_asc ? sim->attention_asc : 0x29, 0);
        } else if (sim->no_medium) {
                sim_check(sim, c, SCSI_NOT_READY, SCSI_ASC_MEDIUM_NOT_PRESENT, 0);
        } else if (sim->not_ready > 0) {
                sim->not_ready--;
                sim_check(sim, c, SCSI_NOT_READY, SCSI_ASC_NOT_READY, 1);
        } else {
                return false;
        }
        return true;
}

void sim_disk(struct sim *sim, const struct sim_cbw *c)
{
        switch (c->cdb[0]) {
        case 0x03:
                sense_send(sim, c);
                return;
        case 0x12:
                inquiry_send(sim, c);
                return;
        default:
                if (fails_first(sim, c))
                        return;
        }
        switch (c->cdb[0]) {
        case 0x00:
                sim_csw(sim, c->tag, 0, 0);
                break;
        case 0x25:
                capacity_10_send(sim, c);
                break;
        case 0x9e:
                capacity_16_send(sim, c);
                break;
        case 0x28:
        case 0x88:
                read_run(sim, c);
                break;
        default:
                ck_abort_msg("opcode %02x", c->cdb[0]);
        }
}
