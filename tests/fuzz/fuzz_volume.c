// SPDX-License-Identifier: LGPL-2.1-or-later
/* FAT and exFAT on a unit of fuzz_unit.h. */
#include "fuzz_target.h"

#include "fuzz_unit.h"

#include "base/cleanup.h"
#include "recorder/ums/partition.h"
#include "recorder/ums/volume.h"

#include <string.h>

#define FILES_MAX 24U
#define BYTES_MAX (256U * 1024) /* read of one file */
#define READS_MAX 20000U        /* of one input; more is endless */

struct seen {
        struct volume_file files[FILES_MAX];
        unsigned int n, items;
};

static void on_finding(void *userdata, enum volume_finding finding, const char *text)
{
        (void)userdata;
        (void)finding;
        fuzz_text_expect(text);
}

static int on_item(void *userdata, const struct volume_item *item)
{
        struct seen *s = userdata;

        fuzz_text_expect(item->path);
        fuzz_text_expect(item->time_text);
        if (strncmp(item->path, "v/", 2) != 0 || strstr(item->path, "/../") || strstr(item->path, "//"))
                abort();
        if (s->n < FILES_MAX && s->items++ % 3 != 2)
                s->files[s->n++] = item->file;
        return 0;
}

static int sink_write(void *userdata, const void *data, size_t size)
{
        uint64_t *got = userdata;
        volatile uint8_t last = ((const uint8_t *)data)[size - 1];

        (void)last;
        *got += size;
        return *got > BYTES_MAX ? RECORDER_CANCELLED : 0;
}

static int sink_unreadable(void *userdata, uint64_t offset, uint64_t size)
{
        (void)userdata;
        (void)offset;
        (void)size;
        abort();
}

static void file_read(struct volume *v, const struct volume_file *f, uint64_t offset)
{
        uint64_t got = 0, size = 0;
        const struct volume_sink sink = {
                        .write = sink_write, .unreadable = sink_unreadable, .userdata = &got};
        int r = volume_read(v, f, offset, &sink, &size);

        if (r == RECORDER_OK && (got != f->size - offset || size != f->size))
                abort();
        if (r == RECORDER_SHORT && (size >= f->size || got != size - offset))
                abort();
}

static void volume_try(struct block_image *b, const struct partition *p, struct volume_charset *charset)
{
        const struct volume_opening how = {
                        .limits = {.files = 300,
                                   .deleted = 200,
                                   .folders = 100,
                                   .folder_bytes = 65536,
                                   .metadata_bytes = 4U * 1024 * 1024,
                                   .cache_bytes = 512U * 1024,
                                   .chain_steps = 100000},
                        .charset = charset,
                        .on = {.fn = on_finding},
        };
        _cleanup_(volume_freep) struct volume *v = NULL;
        struct seen seen = {.n = 0};
        const struct volume_listing to = {
                        .root = "v", .on_file = on_item, .on_deleted = on_item, .userdata = &seen};
        struct volume_facts facts;
        bool complete, counted;
        int64_t free_bytes;

        if (volume_open(&v, &b->unit, p->offset, p->size, &how) != RECORDER_OK)
                return;
        volume_facts(v, &facts);
        fuzz_text_expect(facts.label);
        (void)volume_usage(v, &free_bytes, &counted);
        if (volume_list(v, &to, &complete) != RECORDER_OK)
                return;
        for (unsigned int i = 0; i < seen.n; i++) {
                file_read(v, &seen.files[i], MIN((uint64_t)i * 100, seen.files[i].size));
                (void)volume_check(v, &seen.files[i]);
        }
        if (volume_forget(v) == RECORDER_OK)
                for (unsigned int i = 0; i < seen.n; i++)
                        (void)volume_check(v, &seen.files[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct volume_charset *charset;
        const struct volume_findings on = {.fn = on_finding};
        struct partitions found;
        struct block_image b;

        if (!charset && volume_charset_new(&charset) < 0)
                abort();
        if (!fuzz_unit_make(&b, data, size))
                return 0;
        if (partitions_find(&b.unit, &on, &found) != RECORDER_OK)
                return 0;
        for (unsigned int i = 0; i < MIN(found.n, 3U); i++)
                volume_try(&b, &found.at[i], charset);
        if (b.reads > READS_MAX)
                abort();
        return 0;
}
