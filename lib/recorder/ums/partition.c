// SPDX-License-Identifier: LGPL-2.1-or-later
/* See partition.h. The MBR is here, the GPT in partition_gpt.c. */
#include "recorder/ums/partition_table.h"

#include "base/cleanup.h"
#include "recorder/little_endian.h"
#include "recorder/ums/volume_boot.h"

#include <string.h>

#define TABLE_OFFSET  446
#define ENTRY_SIZE    16
#define PRIMARIES     4
#define TYPE_GPT      0xee
#define LOGICAL_FIRST 5

struct mbr_entry {
        uint8_t status, type;
        uint64_t start, sectors; /* of the unit's sectors */
};

void partition_tell(struct partition_search *s, const char *format, ...)
{
        va_list arguments;

        if (s->told++ >= PARTITION_FINDINGS_MAX)
                return;
        va_start(arguments, format);
        volume_finding_tell(s->on, VOLUME_TABLE_DAMAGED, format, arguments);
        va_end(arguments);
}

int partition_read(struct partition_search *s, uint64_t sector, size_t bytes)
{
        uint32_t size = s->unit->sector_size;

        if (sector >= s->unit->size / size || bytes > s->unit->size - sector * size || bytes > s->budget)
                return RECORDER_PROTOCOL;
        s->budget -= bytes;
        return block_read(s->unit, sector * size, s->buffer, bytes);
}

void partition_add(struct partition_search *s, const struct partition *p, uint64_t start, uint64_t sectors)
{
        uint64_t total = s->unit->size / s->unit->sector_size;
        struct partition *at;

        if (start >= total) {
                partition_tell(s,
                               "partition %u begins at sector %llu, the unit ends at %llu; it is left out",
                               p->number, (unsigned long long)start, (unsigned long long)total);
                return;
        }
        if (sectors > total - start) {
                partition_tell(s, "partition %u has %llu sectors from %llu on, the unit ends at %llu",
                               p->number, (unsigned long long)sectors, (unsigned long long)start,
                               (unsigned long long)total);
                sectors = total - start;
        }
        if (s->found.n == PARTITIONS_MAX) {
                partition_tell(s, "partition %u is one more than the %d that are looked at", p->number,
                               PARTITIONS_MAX);
                return;
        }
        at = &s->found.at[s->found.n++];
        *at = *p;
        at->offset = start * s->unit->sector_size;
        at->size = sectors * s->unit->sector_size;
}

static void entry_decode(const uint8_t *sector, unsigned int i, struct mbr_entry *ret)
{
        const uint8_t *p = sector + TABLE_OFFSET + (size_t)i * ENTRY_SIZE;

        *ret = (struct mbr_entry){.status = p[0],
                                  .type = p[4],
                                  .start = wire_get32(p + 8),
                                  .sectors = wire_get32(p + 12)};
}

static bool has_signature(const uint8_t *sector)
{
        return sector[510] == 0x55 && sector[511] == 0xaa;
}

static bool is_extended(uint8_t type)
{
        return type == 0x05 || type == 0x0f || type == 0x85;
}

/* No table, but the code of a boot sector: one of the bytes is neither active nor not. */
static bool table_plausible(const uint8_t *sector)
{
        bool any = false;

        if (!has_signature(sector))
                return false;
        for (unsigned int i = 0; i < PRIMARIES; i++) {
                struct mbr_entry e;

                entry_decode(sector, i, &e);
                if (e.status != 0 && e.status != 0x80)
                        return false;
                any = any || (e.type != 0 && e.sectors != 0);
        }
        return any;
}

/*
 * A chain of tables with one partition and one link each. Links count from the extended partition,
 * partitions from their own table. The chain is as long as there may be partitions, so a circle ends.
 */
static int logicals_find(struct partition_search *s, const struct mbr_entry *extended)
{
        uint64_t table = extended->start;

        for (unsigned int i = 0; i < PARTITIONS_MAX; i++) {
                struct partition p = {.scheme = PARTITION_MBR, .number = LOGICAL_FIRST + i};
                struct mbr_entry own, link;
                int r = partition_read(s, table, s->unit->sector_size);

                if (r == RECORDER_PROTOCOL || r == RECORDER_UNREADABLE ||
                    (r == 0 && !has_signature(s->buffer))) {
                        partition_tell(s,
                                       "the extended partition has no table at sector %llu, what follows is "
                                       "lost",
                                       (unsigned long long)table);
                        return RECORDER_OK;
                }
                if (r != RECORDER_OK)
                        return r;
                entry_decode(s->buffer, 0, &own);
                entry_decode(s->buffer, 1, &link);
                p.type = own.type;
                if (own.type != 0 && own.sectors != 0)
                        partition_add(s, &p, table + own.start, own.sectors);
                if (!is_extended(link.type) || link.sectors == 0)
                        return RECORDER_OK;
                table = extended->start + link.start;
        }
        partition_tell(s, "the chain of logical partitions is longer than %d, or a circle", PARTITIONS_MAX);
        return RECORDER_OK;
}

static int mbr_find(struct partition_search *s)
{
        struct mbr_entry entries[PRIMARIES];

        for (unsigned int i = 0; i < PRIMARIES; i++)
                entry_decode(s->buffer, i, &entries[i]);
        for (unsigned int i = 0; i < PRIMARIES; i++) {
                struct partition p = {.scheme = PARTITION_MBR, .number = i + 1, .type = entries[i].type};
                int r = RECORDER_OK;

                if (entries[i].type == 0 || entries[i].sectors == 0)
                        continue;
                if (is_extended(entries[i].type))
                        r = logicals_find(s, &entries[i]);
                else
                        partition_add(s, &p, entries[i].start, entries[i].sectors);
                if (r != RECORDER_OK)
                        return r;
        }
        return RECORDER_OK;
}

static bool is_protective(const uint8_t *sector)
{
        for (unsigned int i = 0; i < PRIMARIES; i++) {
                struct mbr_entry e;

                entry_decode(sector, i, &e);
                if (e.type == TYPE_GPT)
                        return true;
        }
        return false;
}

static int search(struct partition_search *s)
{
        struct partition whole = {.scheme = PARTITION_NONE};
        int r = partition_read(s, 0, s->unit->sector_size);

        if (r != RECORDER_OK && r != RECORDER_UNREADABLE)
                return r;
        if (r == RECORDER_UNREADABLE) {
                /* A GPT and the volumes' own backups do without it. */
                partition_tell(s, "the first sector of the unit cannot be read");
                r = gpt_find(s);
                if (r == RECORDER_OK && s->found.n == 0)
                        partition_add(s, &whole, 0, s->unit->size / s->unit->sector_size);
                return r;
        }
        if (fat_boot_plausible(s->buffer) || exfat_boot_plausible(s->buffer) ||
            !table_plausible(s->buffer)) {
                partition_add(s, &whole, 0, s->unit->size / s->unit->sector_size);
                return RECORDER_OK;
        }
        return is_protective(s->buffer) ? gpt_find(s) : mbr_find(s);
}

int partitions_find(struct block_unit *u, const struct volume_findings *on, struct partitions *ret)
{
        _cleanup_free_ uint8_t *buffer = malloc(PARTITION_PIECE);
        struct partition_search s = {.unit = u, .on = on, .buffer = buffer, .budget = PARTITION_BYTES_MAX};
        int r;

        if (!buffer)
                return -ENOMEM;
        if (u->size < u->sector_size) {
                *ret = s.found;
                return RECORDER_OK;
        }
        r = search(&s);
        if (r != RECORDER_OK)
                return r;
        *ret = s.found;
        return RECORDER_OK;
}
