// SPDX-License-Identifier: LGPL-2.1-or-later
/* Partition tables of fuzz_unit.h: what is found lies in the unit, and is found in few reads. */
#include "fuzz_target.h"

#include "fuzz_unit.h"

#include "base/cleanup.h"
#include "recorder/ums/partition.h"

#include <stdlib.h>

/* Read at most: what partition.h promises, and what a look for volumes costs. */
#define BYTES_MAX (1024U * 1024 + 65536)

static void on_finding(void *userdata, enum volume_finding finding, const char *text)
{
        (void)userdata;
        (void)finding;
        fuzz_text_expect(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct volume_findings on = {.fn = on_finding};
        struct partitions found = {0};
        struct block_image b;

        if (!fuzz_unit_make(&b, data, size) || partitions_find(&b.unit, &on, &found) != RECORDER_OK)
                return 0;
        if (found.n > PARTITIONS_MAX || b.bytes > BYTES_MAX)
                abort();
        for (unsigned int i = 0; i < found.n; i++) {
                const struct partition *p = &found.at[i];

                if (p->offset % b.unit.sector_size != 0 || p->size % b.unit.sector_size != 0 ||
                    p->offset > b.unit.size || p->size > b.unit.size - p->offset)
                        abort();
                fuzz_text_expect(p->label);
        }
        return 0;
}
