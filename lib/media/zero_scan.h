/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Sectors of nothing but zeros: what a card leaves where it lost a write. Zeros alone prove nothing, since
 * files have padding, silence and room kept free; so the scan only remembers the runs, and whoever knows
 * that dense data (a coded picture, coded sound) is meant to be at a place confirms the runs that lie there.
 */

#include "media/findings.h"

#include <stdbool.h>
#include <stdint.h>

#define ZERO_SECTOR_SIZE 512
#define ZERO_RUNS_MAX    65536 /* remembered; later runs are not */
#define ZERO_OVERLAP_MIN \
        64 /* zeros that dense data must share with a run: less can be the end of a padded frame */

struct zero_run {
        int64_t offset;
        int64_t size;
        bool confirmed;
};

struct zero_scan {
        struct zero_run *runs; /* ascending, never touching */
        size_t n_runs;
        size_t n_allocated;
};

void zero_scan_done(struct zero_scan *z);

/* A media_sink_fn; 'userdata' is the struct zero_scan. Blocks come aligned to ZERO_SECTOR_SIZE. -ENOMEM. */
int zero_scan_feed(void *userdata, int64_t offset, const uint8_t *data, size_t size);

/* Dense data is meant to be in these bytes: runs overlapping them are damage. */
void zero_scan_confirm(struct zero_scan *z, int64_t offset, int64_t size);

void zero_scan_report(const struct zero_scan *z, struct findings *findings);
