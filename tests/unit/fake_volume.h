/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Volumes in memory in place of the volume reader: the driver above is tested with what a reader gives,
 * whatever a disk holds. The bytes of a file are fake_volume_byte().
 */

#include "recorder/ums/volume.h"

struct fake_file {
        const char *path; /* below the root */
        uint64_t size;
        uint64_t clusters_end; /* there is only so much of it; 0: all */
        uint64_t gap_at, gap_size;
        uint8_t attributes;
        bool deleted, recoverable;
        int check; /* what looking at it again gives */
};

struct fake_volume {
        const char *label;
        const struct fake_file *files;
        unsigned int n;
        int open_result, list_result;
        bool incomplete;
        int64_t free_bytes;
        const char *open_finding, *list_finding; /* text of a finding then; NULL none */
};

/* Partitions of every disk, each with the volume of its number. */
extern struct fake_volume fake_volumes[40];
extern unsigned int fake_partitions;

uint8_t fake_volume_byte(uint64_t position);
