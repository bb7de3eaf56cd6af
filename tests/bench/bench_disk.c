// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The driver for disks alone, without the worker around it: no digest, no file, no other process. What it
 * costs to list a volume and to read what is on it, for comparison with the kernel's driver.
 *
 *   bench-disk NODE [list]     prints seconds, items and bytes of the listing, and of all reads, as JSON
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "recorder/ums/ums_recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

DEFINE_CLEANUP(struct quirk_table *, quirks_free);

struct bench {
        uint32_t items;
        int64_t bytes;
};

static int on_item(void *userdata, const struct recorder_item *item)
{
        struct bench *b = userdata;

        (void)item;
        b->items++;
        return 0;
}

static int on_data(void *userdata, const void *data, size_t size)
{
        struct bench *b = userdata;

        (void)data;
        b->bytes += (int64_t)size;
        return 0;
}

static double seconds_since(int64_t start)
{
        return (double)(clock_monotonic() - start) / USEC_PER_SEC;
}

static int items_read(struct recorder *r, struct bench *b)
{
        const struct recorder_sink sink = {.write = on_data, .userdata = b};
        int64_t start = clock_monotonic();
        struct recorder_figures f;

        for (uint32_t i = 0; i < b->items; i++) {
                int64_t size;
                int result = recorder_read(r, i, 0, &sink, &size);

                if (result != RECORDER_OK)
                        return result;
        }
        recorder_figures(r, &f);
        (void)printf(", \"seconds\": %.3f, \"bytes\": %lld, \"transfers\": %llu, \"transfer_size\": %u, "
                     "\"depth\": %u, \"recoveries\": %u",
                     seconds_since(start), (long long)b->bytes, (unsigned long long)f.transfers,
                     f.transfer_size, f.depth, f.recoveries);
        return RECORDER_OK;
}

int main(int argc, char *argv[])
{
        struct bench b = {0};
        _cleanup_(quirks_freep) struct quirk_table *quirks = NULL;
        struct ums_open how = {.node = argc > 1 ? argv[1] : "", .interface = -1};
        const struct recorder_listener listener = {.on_item = on_item, .userdata = &b};
        _cleanup_(recorder_freep) struct recorder *recorder = NULL;
        struct recorder_identity identity;
        int64_t start = clock_monotonic();
        bool complete = false;
        int r = quirks_load(&quirks, NULL, NULL, NULL);

        how.quirks = quirks;
        if (r == 0)
                r = ums_recorder_open(&recorder, &how, NULL);
        if (r == RECORDER_OK)
                r = recorder_identify(recorder, &identity);
        if (r == RECORDER_OK)
                r = recorder_list(recorder, &listener, &complete);
        if (r == RECORDER_OK)
                (void)printf("{\"items\": %u, \"complete\": %s, \"listing\": %.3f", b.items,
                             complete ? "true" : "false", seconds_since(start));
        if (r == RECORDER_OK && (argc < 3 || strcmp(argv[2], "list") != 0))
                r = items_read(recorder, &b);
        if (r != RECORDER_OK) {
                (void)fprintf(stderr, "bench-disk: %s\n", r < 0 ? strerror(-r) : recorder_outcome_text(r));
                return EXIT_FAILURE;
        }
        (void)printf("}\n");
        return EXIT_SUCCESS;
}
