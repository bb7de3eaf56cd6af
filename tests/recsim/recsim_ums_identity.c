// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a disk says of itself, as sticks and card readers of the field say it: short INQUIRY data, two vital
 * product pages at most, a mode page for the cache, and a write-protect bit that hosts believe.
 */

#include "recsim_ums.h"

#include "base/cleanup.h"

#include <string.h>

#define PAGE_CACHING     0x08
#define PAGE_ALL         0x3F
#define WRITE_PROTECTED  0x80
#define CAPACITY_16      0x10 /* service action */
#define LAST_OF_CAPACITY 0xFFFFFFFEu

/* Ends an answer at the allocation length of its command. */
static void answer(struct ums_reply *reply, size_t allocated)
{
        reply->size = MIN(reply->data.size, allocated);
}

static void put_padded(struct recsim_buffer *b, const char *text, size_t size)
{
        for (size_t i = 0, n = strlen(text); i < size; i++)
                recsim_put_u8(b, i < n ? (uint8_t)text[i] : ' ');
}

/* Vital product data; false for a page that there is not. */
static bool put_page(const struct recsim *r, struct recsim_buffer *b, uint8_t page)
{
        size_t n = strlen(r->profile.serial);

        recsim_put_u8(b, 0);
        recsim_put_u8(b, page);
        if (page == 0x00) {
                recsim_put_be16(b, 2);
                recsim_put_be16(b, 0x0080);
        } else if (page == 0x80) {
                recsim_put_be16(b, (uint16_t)n);
                recsim_put_bytes(b, r->profile.serial, n);
        } else {
                return false;
        }
        return true;
}

void recsim_ums_inquiry(struct recsim *r, struct ums_reply *reply)
{
        const uint8_t *cdb = r->ums->command.cdb;
        struct recsim_buffer *b = &reply->data;

        if (cdb[1] & 1) {
                if (!put_page(r, b, cdb[2])) {
                        recsim_ums_fail(r, reply, SENSE_BAD_FIELD);
                        return;
                }
        } else {
                recsim_put_bytes(b, (const uint8_t[]){0, 0x80, 4, 2, 31, 0, 0, 0}, 8);
                put_padded(b, r->profile.inquiry_vendor, 8);
                put_padded(b, r->profile.inquiry_product, 16);
                put_padded(b, r->profile.inquiry_revision, 4);
        }
        answer(reply, recsim_get_be16(cdb + 3));
}

void recsim_ums_mode_sense(struct recsim *r, struct ums_reply *reply)
{
        const uint8_t *cdb = r->ums->command.cdb;
        uint8_t page = cdb[2] & 0x3F;
        uint8_t protection = r->profile.writable ? 0 : WRITE_PROTECTED;
        uint8_t caching[20] = {PAGE_CACHING, 18};
        struct recsim_buffer *b = &reply->data;

        if (page != PAGE_CACHING && page != PAGE_ALL && page != 0) {
                recsim_ums_fail(r, reply, SENSE_BAD_FIELD);
                return;
        }
        if (cdb[0] == SCSI_MODE_SENSE_6)
                recsim_put_bytes(b, (const uint8_t[]){page ? 23 : 3, 0, protection, 0}, 4);
        else
                recsim_put_bytes(b, (const uint8_t[]){0, page ? 26 : 6, 0, protection, 0, 0, 0, 0}, 8);
        if (page != 0)
                recsim_put_bytes(b, caching, sizeof(caching));
        answer(reply, cdb[0] == SCSI_MODE_SENSE_6 ? cdb[4] : recsim_get_be16(cdb + 7));
}

void recsim_ums_read_capacity(struct recsim *r, struct ums_reply *reply)
{
        uint64_t last = recsim_ums_capacity(r) - 1;

        recsim_put_be32(&reply->data, last > LAST_OF_CAPACITY ? UINT32_MAX : (uint32_t)last);
        recsim_put_be32(&reply->data, recsim_ums_unit(r)->medium.sector);
        answer(reply, 8);
}

void recsim_ums_read_capacity_16(struct recsim *r, struct ums_reply *reply)
{
        const uint8_t *cdb = r->ums->command.cdb;

        if ((cdb[1] & 0x1F) != CAPACITY_16) {
                recsim_ums_fail(r, reply, SENSE_BAD_FIELD);
                return;
        }
        recsim_put_be64(&reply->data, recsim_ums_capacity(r) - 1);
        recsim_put_be32(&reply->data, recsim_ums_unit(r)->medium.sector);
        for (int i = 0; i < 20; i++)
                recsim_put_u8(&reply->data, 0);
        answer(reply, recsim_get_be32(cdb + 10));
}

void recsim_ums_format_capacities(struct recsim *r, struct ums_reply *reply)
{
        recsim_put_be32(&reply->data, 8);
        recsim_put_be32(&reply->data, (uint32_t)MIN(recsim_ums_capacity(r), UINT32_MAX));
        recsim_put_be32(&reply->data, 0x02000000u | recsim_ums_unit(r)->medium.sector); /* formatted */
        answer(reply, recsim_get_be16(r->ums->command.cdb + 7));
}

void recsim_ums_report_luns(struct recsim *r, struct ums_reply *reply)
{
        recsim_put_be64(&reply->data, (uint64_t)r->ums->n * 8 << 32);
        for (size_t i = 0; i < r->ums->n; i++)
                recsim_put_be64(&reply->data, (uint64_t)i << 48);
        answer(reply, recsim_get_be32(r->ums->command.cdb + 6));
}
