// SPDX-License-Identifier: LGPL-2.1-or-later
/* See exfat_upcase.h. */
#include "recorder/ums/exfat_upcase.h"

#include "recorder/little_endian.h"

#include <stdlib.h>
#include <string.h>

#define UNITS      65536U
#define BYTES_MAX  (UNITS * 2)
#define RUN_OF_OWN 0xffff /* the next number is how many characters stand for themselves */

static uint32_t checksum_add(uint32_t sum, const uint8_t *p, size_t n)
{
        for (size_t i = 0; i < n; i++)
                sum = (sum << 31 | sum >> 1) + p[i];
        return sum;
}

/* All bytes of the table, which is at most 128 KiB. */
static int table_read(struct volume *v, const struct volume_entry *e, uint8_t *bytes)
{
        struct volume_chain chain;
        size_t done = 0, size = (size_t)e->size;

        volume_chain_begin(&chain, v, e->cluster, volume_clusters_of(v, size), false);
        while (done < size) {
                struct volume_run run;
                size_t n;
                int r = volume_chain_next(&chain, v, UNITS, &run);

                if (r != RECORDER_OK)
                        return r;
                if (run.n == 0)
                        return RECORDER_SHORT;
                n = (size_t)MIN((uint64_t)run.n * v->at.cluster_size, (uint64_t)(size - done));
                r = volume_cache_read(&v->cache, volume_cluster_offset(v, run.cluster), bytes + done, n, 0);
                if (r != RECORDER_OK)
                        return r;
                done += n;
        }
        return RECORDER_OK;
}

static void table_unfold(const uint8_t *bytes, size_t n, uint16_t *table)
{
        uint32_t unit = 0;

        for (uint32_t i = 0; i < UNITS; i++)
                table[i] = (uint16_t)i;
        for (size_t i = 0; i < n && unit < UNITS; i++) {
                uint16_t value = wire_get16(bytes + 2 * i);

                if (value == RUN_OF_OWN && i + 1 < n)
                        unit += wire_get16(bytes + 2 * ++i);
                else
                        table[unit++] = value;
        }
}

static void table_refuse(struct volume *v, const char *why)
{
        volume_tell(v, VOLUME_UPCASE_DAMAGED, "the up-case table %s, names are not checked", why);
}

int exfat_upcase_load(struct volume *v, const struct volume_entry *e)
{
        _cleanup_free_ uint8_t *bytes = NULL;
        _cleanup_free_ uint16_t *table = NULL;
        int r;

        if (e->size == 0 || e->size > BYTES_MAX || e->size % 2 != 0) {
                table_refuse(v, "has an impossible size");
                return RECORDER_OK;
        }
        bytes = malloc(BYTES_MAX);
        table = malloc(UNITS * sizeof(*table));
        if (!bytes || !table)
                return -ENOMEM;
        r = table_read(v, e, bytes);
        if (r == RECORDER_SHORT || r == RECORDER_UNREADABLE) {
                table_refuse(v, "cannot be read to its end");
                return RECORDER_OK;
        }
        if (r != RECORDER_OK)
                return r;
        if (checksum_add(0, bytes, (size_t)e->size) != (uint32_t)e->time) {
                table_refuse(v, "does not have its checksum");
                return RECORDER_OK;
        }
        table_unfold(bytes, (size_t)e->size / 2, table);
        free(v->upcase);
        v->upcase = TAKE_PTR(table);
        return RECORDER_OK;
}

bool exfat_name_hash_is(const struct volume *v, const uint8_t *units, unsigned int n, uint16_t hash)
{
        uint16_t sum = 0;

        if (!v->upcase)
                return true;
        for (unsigned int i = 0; i < n; i++) {
                uint16_t unit = v->upcase[wire_get16(units + (size_t)2 * i)];

                sum = (uint16_t)((uint16_t)(sum << 15 | sum >> 1) + (unit & 0xff));
                sum = (uint16_t)((uint16_t)(sum << 15 | sum >> 1) + (unit >> 8));
        }
        return sum == hash;
}
