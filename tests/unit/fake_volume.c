// SPDX-License-Identifier: LGPL-2.1-or-later
/* See fake_volume.h. */
#include "fake_volume.h"

#include "base/cleanup.h"
#include "recorder/ums/partition.h"

#include <stdio.h>
#include <string.h>

struct volume {
        const struct fake_volume *fake;
        struct volume_opening how;
};

struct fake_volume fake_volumes[40];
unsigned int fake_partitions;

uint8_t fake_volume_byte(uint64_t position)
{
        return (uint8_t)(position * 7 + (position >> 8) + 1);
}

static void finding_tell(const struct volume_opening *how, const char *text)
{
        if (text && how->on.fn)
                how->on.fn(how->on.userdata, VOLUME_DIRTY, text);
}

const char *volume_finding_word(int finding)
{
        return finding == VOLUME_DIRTY ? "dirty" : "unknown";
}

int volume_charset_new(struct volume_charset **ret)
{
        *ret = NULL;
        return 0;
}

void volume_charset_free(struct volume_charset *c)
{
        (void)c;
}

int partitions_find(struct block_unit *u, const struct volume_findings *on, struct partitions *ret)
{
        (void)on;
        *ret = (struct partitions){.n = MIN(fake_partitions, (unsigned int)PARTITIONS_MAX)};
        for (unsigned int i = 0; i < ret->n; i++)
                ret->at[i] = (struct partition){
                                .offset = i * UINT64_C(4096), .size = u->size / 64, .number = i + 1};
        return RECORDER_OK;
}

int volume_open(struct volume **ret, struct block_unit *u, uint64_t offset, uint64_t size,
                const struct volume_opening *how)
{
        const struct fake_volume *fake = &fake_volumes[offset / 4096];
        uint8_t sector[4096];
        struct volume *v;
        int r = block_read(u, offset, sector, sizeof(sector));

        (void)size;
        if (r != RECORDER_OK)
                return r;
        finding_tell(how, fake->open_finding);
        if (fake->open_result != RECORDER_OK)
                return fake->open_result;
        v = calloc(1, sizeof(*v));
        if (!v)
                return -ENOMEM;
        v->fake = fake;
        v->how = *how;
        *ret = v;
        return RECORDER_OK;
}

void volume_free(struct volume *v)
{
        free(v);
}

void volume_facts(const struct volume *v, struct volume_facts *ret)
{
        *ret = (struct volume_facts){.total_bytes = 1000000};
        (void)snprintf(ret->label, sizeof(ret->label), "%s", v->fake->label ? v->fake->label : "");
}

int volume_usage(struct volume *v, int64_t *ret_free, bool *ret_counted)
{
        *ret_free = v->fake->free_bytes;
        *ret_counted = true;
        return RECORDER_OK;
}

int volume_list(struct volume *v, const struct volume_listing *to, bool *ret_complete)
{
        finding_tell(&v->how, v->fake->list_finding);
        for (unsigned int i = 0; i < v->fake->n; i++) {
                const struct fake_file *f = &v->fake->files[i];
                struct volume_item item = {.file = {.size = f->size, .slot = i, .recovered = f->deleted},
                                           .attributes = f->attributes,
                                           .recoverable = f->recoverable,
                                           .time_text = "20261101T080000"};
                int r;

                (void)snprintf(item.path, sizeof(item.path), "%s/%s%s", to->root,
                               f->deleted ? "(deleted)/" : "", f->path);
                if (f->deleted && !to->on_deleted)
                        continue;
                r = f->deleted ? to->on_deleted(to->userdata, &item) : to->on_file(to->userdata, &item);
                if (r != 0)
                        return r;
        }
        *ret_complete = !v->fake->incomplete;
        return v->fake->list_result;
}

int volume_check(struct volume *v, const struct volume_file *f)
{
        return v->fake->files[f->slot].check;
}

int volume_read(struct volume *v, const struct volume_file *f, uint64_t offset,
                const struct volume_sink *sink, uint64_t *ret_size)
{
        const struct fake_file *fake = &v->fake->files[f->slot];
        uint64_t end = fake->clusters_end ? fake->clusters_end : fake->size;

        for (uint64_t at = offset; at < end;) {
                bool gap = at >= fake->gap_at && at < fake->gap_at + fake->gap_size;
                uint8_t data[1000] = {0};
                size_t n = (size_t)MIN(end - at, sizeof(data));
                int r = 0;

                if (gap) {
                        n = (size_t)MIN(n, fake->gap_at + fake->gap_size - at);
                        r = sink->unreadable(sink->userdata, at, n);
                } else {
                        if (at < fake->gap_at)
                                n = (size_t)MIN(n, fake->gap_at - at);
                        for (size_t i = 0; i < n; i++)
                                data[i] = fake_volume_byte(at + i);
                }
                if (r == 0)
                        r = sink->write(sink->userdata, data, n);
                if (r != 0)
                        return r;
                at += n;
        }
        *ret_size = MIN(end, fake->size);
        return end < fake->size ? RECORDER_SHORT : RECORDER_OK;
}
