// SPDX-License-Identifier: LGPL-2.1-or-later
/* The scan of zero_scan.h. A sector that does not begin with eight zero bytes is passed over by one
 * comparison. */
#include "media/zero_scan.h"
#include "base/cleanup.h"

#include <string.h>

void zero_scan_done(struct zero_scan *z)
{
        free(z->runs);
        *z = (struct zero_scan){0};
}

static bool sector_is_zero(const uint8_t *sector)
{
        uint64_t head;

        memcpy(&head, sector, sizeof(head));
        return head == 0 && memcmp(sector, sector + sizeof(head), ZERO_SECTOR_SIZE - sizeof(head)) == 0;
}

static int runs_grow(struct zero_scan *z)
{
        size_t n = z->n_allocated ? 2 * z->n_allocated : 16;
        struct zero_run *runs = reallocarray(z->runs, n, sizeof(*runs));

        if (!runs)
                return -ENOMEM;
        z->runs = runs;
        z->n_allocated = n;
        return 0;
}

static int run_add(struct zero_scan *z, int64_t offset)
{
        struct zero_run *last = z->n_runs > 0 ? &z->runs[z->n_runs - 1] : NULL;

        if (last && last->offset + last->size == offset) {
                last->size += ZERO_SECTOR_SIZE;
                return 0;
        }
        if (z->n_runs == ZERO_RUNS_MAX)
                return 0;
        if (!z->runs || z->n_runs == z->n_allocated) {
                int r = runs_grow(z);

                if (r < 0)
                        return r;
        }
        z->runs[z->n_runs++] = (struct zero_run){.offset = offset, .size = ZERO_SECTOR_SIZE};
        return 0;
}

int zero_scan_feed(void *userdata, int64_t offset, const uint8_t *data, size_t size)
{
        struct zero_scan *z = userdata;

        for (size_t i = 0; i + ZERO_SECTOR_SIZE <= size; i += ZERO_SECTOR_SIZE)
                if (sector_is_zero(data + i)) {
                        int r = run_add(z, offset + (int64_t)i);

                        if (r < 0)
                                return r;
                }
        return 0;
}

/* The first run that ends behind 'offset'. */
static size_t run_first_behind(const struct zero_scan *z, int64_t offset)
{
        size_t low = 0, high = z->n_runs;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (z->runs[middle].offset + z->runs[middle].size <= offset)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

void zero_scan_confirm(struct zero_scan *z, int64_t offset, int64_t size)
{
        for (size_t i = run_first_behind(z, offset); i < z->n_runs && z->runs[i].offset < offset + size;
             i++) {
                struct zero_run *run = &z->runs[i];
                int64_t start = MAX(run->offset, offset);
                int64_t end = MIN(run->offset + run->size, offset + size);

                if (end - start >= ZERO_OVERLAP_MIN)
                        run->confirmed = true;
        }
}

void zero_scan_report(const struct zero_scan *z, struct findings *findings)
{
        for (size_t i = 0; i < z->n_runs; i++)
                if (z->runs[i].confirmed)
                        findings_add_zero_run(findings, z->runs[i].offset, z->runs[i].size);
}
