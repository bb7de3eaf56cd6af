// SPDX-License-Identifier: LGPL-2.1-or-later
/* The GUID partition table (UEFI 2.10, section 5.3). Only a table whose header and entries have their
 * checksums is believed; its backup lies in the unit's last sector. */
#include "recorder/ums/partition_table.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "recorder/little_endian.h"
#include "usb/utf16.h"

#include <string.h>

#define HEADER_MIN        92U
#define ENTRY_MIN         128U
#define ENTRY_MAX         4096U
#define ENTRIES_MAX       1024U
#define ENTRIES_BYTES_MAX (128U * 1024)

struct gpt {
        uint64_t entries_at; /* sector */
        uint32_t n, entry_size, checksum;
};

/* CRC-32 of IEEE 802.3, going on from 'crc'. */
static uint32_t crc32_add(uint32_t crc, const uint8_t *p, size_t n)
{
        crc = ~crc;
        for (size_t i = 0; i < n; i++) {
                crc ^= p[i];
                for (int bit = 0; bit < 8; bit++)
                        crc = crc & 1 ? crc >> 1 ^ 0xedb88320U : crc >> 1;
        }
        return ~crc;
}

/* Checks the header in the buffer. NULL when it is sound, else what is wrong. */
static const char *header_fault(const struct partition_search *s, uint64_t sector, struct gpt *ret)
{
        uint8_t *h = s->buffer;
        uint32_t size = wire_get32(h + 12), checksum = wire_get32(h + 16);

        if (memcmp(h, "EFI PART", 8) != 0)
                return "has no signature";
        if (size < HEADER_MIN || size > s->unit->sector_size)
                return "has an impossible size";
        memset(h + 16, 0, 4);
        if (crc32_add(0, h, size) != checksum)
                return "does not have its checksum";
        if (wire_get64(h + 24) != sector)
                return "says that it lies elsewhere";
        *ret = (struct gpt){.entries_at = wire_get64(h + 72),
                            .n = wire_get32(h + 80),
                            .entry_size = wire_get32(h + 84),
                            .checksum = wire_get32(h + 88)};
        if (ret->entry_size < ENTRY_MIN || ret->entry_size > ENTRY_MAX ||
            (ret->entry_size & (ret->entry_size - 1)))
                return "has entries of an impossible size";
        if (ret->n == 0 || ret->n > ENTRIES_MAX || ret->n * ret->entry_size > ENTRIES_BYTES_MAX)
                return "has an impossible number of entries";
        return NULL;
}

static void entry_take(struct partition_search *s, const uint8_t *e, unsigned int number)
{
        static const uint8_t unused[16];
        struct partition p = {.scheme = PARTITION_GPT, .number = number};
        uint64_t first = wire_get64(e + 32), last = wire_get64(e + 40);

        if (memcmp(e, unused, sizeof(unused)) == 0)
                return;
        if (last < first || last == UINT64_MAX) {
                partition_tell(s,
                               "partition %u ends at sector %llu before it begins at %llu; it is left out",
                               number, (unsigned long long)last, (unsigned long long)first);
                return;
        }
        memcpy(p.type_guid, e, sizeof(p.type_guid));
        (void)utf16_to_utf8(e + 56, 36, p.label, sizeof(p.label), NULL);
        text_make_printable(p.label);
        partition_add(s, &p, first, last - first + 1);
}

/* Goes over all entries, in pieces; 'take' says whether they are taken or only summed. */
static int entries_read(struct partition_search *s, const struct gpt *g, bool take, uint32_t *ret_checksum)
{
        size_t total = (size_t)g->n * g->entry_size, done = 0;
        uint32_t crc = 0, sector_size = s->unit->sector_size;

        while (done < total) {
                size_t n = MIN(total - done, (size_t)PARTITION_PIECE);
                size_t whole = (n + sector_size - 1) / sector_size * sector_size;
                int r = partition_read(s, g->entries_at + done / sector_size, whole);

                if (r != RECORDER_OK)
                        return r;
                crc = crc32_add(crc, s->buffer, n);
                for (size_t at = 0; take && at < n; at += g->entry_size)
                        entry_take(s, s->buffer + at, (unsigned int)((done + at) / g->entry_size) + 1);
                done += n;
        }
        *ret_checksum = crc;
        return RECORDER_OK;
}

/* One of the two tables. *ret_fault is NULL when it was sound and its partitions are taken. */
static int table_take(struct partition_search *s, uint64_t sector, const char **ret_fault)
{
        struct gpt g;
        uint32_t checksum = 0;
        int r = partition_read(s, sector, s->unit->sector_size);

        if (r == RECORDER_OK) {
                *ret_fault = header_fault(s, sector, &g);
                if (*ret_fault)
                        return RECORDER_OK;
                r = entries_read(s, &g, false, &checksum);
        }
        if (r == RECORDER_OK && checksum != g.checksum) {
                *ret_fault = "has entries without their checksum";
                return RECORDER_OK;
        }
        if (r == RECORDER_OK)
                r = entries_read(s, &g, true, &checksum);
        *ret_fault = NULL;
        if (r == RECORDER_PROTOCOL || r == RECORDER_UNREADABLE) {
                *ret_fault = r == RECORDER_PROTOCOL ? "leads out of the unit" : "cannot be read";
                s->found.n = 0;
                return RECORDER_OK;
        }
        return r;
}

int gpt_find(struct partition_search *s)
{
        uint64_t last = s->unit->size / s->unit->sector_size - 1;
        const char *fault;
        int r = table_take(s, 1, &fault);

        if (r != RECORDER_OK || !fault)
                return r;
        partition_tell(s, "the GPT %s, asking its backup", fault);
        r = table_take(s, last, &fault);
        if (r == RECORDER_OK && fault)
                partition_tell(s, "the backup of the GPT %s", fault);
        return r;
}
