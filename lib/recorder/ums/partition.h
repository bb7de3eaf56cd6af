/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where on a unit its volumes may lie: MBR with extended partitions, GPT (UEFI 2.10 section 5), or no table
 * at all, the volume beginning at sector 0. What is given here lies inside the unit, whatever the table
 * says; whether it holds a volume that can be read is volume_open()'s to find out.
 */

#include "recorder/ums/block.h"
#include "recorder/ums/volume_finding.h"

#include <stddef.h>
#include <stdint.h>

#define PARTITIONS_MAX      32
#define PARTITION_LABEL_MAX (36 * 3 + 1)

enum partition_scheme {
        PARTITION_NONE, /* no table: the whole unit */
        PARTITION_MBR,
        PARTITION_GPT,
};

struct partition {
        uint64_t offset; /* bytes, a multiple of the sector size */
        uint64_t size;   /* bytes, likewise; never past the end of the unit */
        enum partition_scheme scheme;
        unsigned int number; /* as the kernel counts: 1-4 primary, 5… logical; GPT by entry; 0: no table */
        uint8_t type;        /* MBR type byte; 0 otherwise */
        uint8_t type_guid[16];           /* GPT, as on disk */
        char label[PARTITION_LABEL_MAX]; /* GPT name, printable UTF-8 */
};

struct partitions {
        struct partition at[PARTITIONS_MAX];
        unsigned int n;
};

/*
 * Reads the table of a unit. RECORDER_OK also when nothing is there (n is 0); an outcome of the unit's reads
 * (RECORDER_GONE, …) or negative errno otherwise. A damaged GPT is taken from its backup. At most 1 MiB is
 * read. 'on' gets the findings.
 */
int partitions_find(struct block_unit *u, const struct volume_findings *on, struct partitions *ret);
