/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What MBR and GPT share in the search for partitions. */

#include "recorder/ums/partition.h"

#define PARTITION_PIECE        8192U /* bytes read at once; two of the largest sectors */
#define PARTITION_BYTES_MAX    (1024U * 1024)
#define PARTITION_FINDINGS_MAX 40U

struct partition_search {
        struct block_unit *unit;
        const struct volume_findings *on;
        uint8_t *buffer; /* PARTITION_PIECE bytes */
        size_t budget;   /* bytes that may still be read */
        unsigned int told;
        struct partitions found;
};

/* Reads from a sector of the unit into the buffer; 'bytes' is a multiple of the sector size.
 * RECORDER_PROTOCOL outside the unit. */
int partition_read(struct partition_search *s, uint64_t sector, size_t bytes);

/* Adds 'sectors' from 'start' on, cut to the unit; told, and left out, when it begins outside. */
void partition_add(struct partition_search *s, const struct partition *p, uint64_t start, uint64_t sectors);

void partition_tell(struct partition_search *s, const char *format, ...)
                __attribute__((format(printf, 2, 3)));

/* The GPT, or its backup when the first one is damaged. */
int gpt_find(struct partition_search *s);
