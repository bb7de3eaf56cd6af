// SPDX-License-Identifier: LGPL-2.1-or-later
/* Decoding what a disk answers; see scsi_data.h. Nothing is read that did not come. */
#include "recorder/ums/scsi_data.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "recorder/ums/bot_wire.h"

#define SENSE_FIXED      0x70
#define SENSE_DESCRIPTOR 0x72

bool scsi_sense_parse(const uint8_t *data, size_t size, struct scsi_sense *ret)
{
        uint8_t code = size > 0 ? data[0] & 0x7e : 0; /* the lowest bit tells deferred errors */

        if (code == SENSE_DESCRIPTOR && size >= 4) {
                *ret = (struct scsi_sense){.key = data[1] & 0x0f, .asc = data[2], .ascq = data[3]};
                return true;
        }
        if (code != SENSE_FIXED || size < 3)
                return false;
        *ret = (struct scsi_sense){.key = data[2] & 0x0f};
        if (size >= 14 && data[7] >= 6) {
                ret->asc = data[12];
                ret->ascq = data[13];
        }
        return true;
}

/* A field of blanks-padded text, 'n' bytes at 'at', as far as it came. */
static void text_take(const uint8_t *data, size_t size, size_t at, size_t n, char *ret)
{
        size_t end = MIN(at + n, size), used = 0;

        while (at < end && data[at] == ' ')
                at++;
        while (at < end && data[at] != 0)
                ret[used++] = (char)data[at++];
        while (used > 0 && ret[used - 1] == ' ')
                used--;
        ret[used] = '\0';
        text_make_printable(ret);
}

bool scsi_inquiry_parse(const uint8_t *data, size_t size, struct scsi_inquiry *ret)
{
        struct scsi_inquiry i;

        if (size < 5)
                return false;
        i.qualifier = data[0] >> 5;
        i.type = data[0] & 0x1f;
        i.removable = data[1] & 0x80;
        text_take(data, size, 8, sizeof(i.vendor) - 1, i.vendor);
        text_take(data, size, 16, sizeof(i.product) - 1, i.product);
        text_take(data, size, 32, sizeof(i.revision) - 1, i.revision);
        *ret = i;
        return true;
}

static bool capacity_check(const struct scsi_capacity *c)
{
        switch (c->sector_size) {
        case 512:
        case 1024:
        case 2048:
        case 4096:
                return c->sectors > 0 && c->sectors <= (uint64_t)INT64_MAX / c->sector_size;
        default:
                return false;
        }
}

bool scsi_capacity_10_parse(const uint8_t *data, size_t size, struct scsi_capacity *ret, bool *ret_more)
{
        struct scsi_capacity c;

        if (size < SCSI_CAPACITY_10_SIZE)
                return false;
        c.sectors = (uint64_t)scsi_get32(data) + 1;
        c.sector_size = scsi_get32(data + 4);
        if (!capacity_check(&c))
                return false;
        *ret_more = c.sectors > UINT32_MAX;
        *ret = c;
        return true;
}

bool scsi_capacity_16_parse(const uint8_t *data, size_t size, struct scsi_capacity *ret)
{
        struct scsi_capacity c;
        uint64_t last;

        if (size < 12)
                return false;
        last = scsi_get64(data);
        if (last == UINT64_MAX)
                return false;
        c.sectors = last + 1;
        c.sector_size = scsi_get32(data + 8);
        if (!capacity_check(&c))
                return false;
        *ret = c;
        return true;
}
