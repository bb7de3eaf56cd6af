// SPDX-License-Identifier: LGPL-2.1-or-later
/* A recorder in memory; see fake_recorder.h. */
#include "fake_recorder.h"

#include <poll.h>
#include <string.h>

/* Eight bytes of an item, all of them different from those anywhere near. */
static uint64_t fake_word(uint32_t index, int64_t n)
{
        return (uint64_t)(n + 1) * UINT64_C(0x9E3779B97F4A7C15) + index;
}

void fake_fill(uint32_t index, int64_t position, uint8_t *data, size_t size)
{
        while (size > 0) {
                uint64_t word = fake_word(index, position / 8);
                size_t skip = (size_t)(position % 8), n = MIN(size, 8 - skip);

                memcpy(data, (const uint8_t *)&word + skip, n);
                data += n;
                position += (int64_t)n;
                size -= n;
        }
}

static int fake_identify(struct recorder *r, struct recorder_identity *ret)
{
        struct fake_recorder *f = (struct fake_recorder *)r;

        *ret = (struct recorder_identity){
                        .manufacturer = "Example",
                        .model = "DSJ-9",
                        .serial = "S1",
                        .driver = "fake",
                        .capabilities = f->capabilities,
                        .battery_percent = 80,
                        .free_bytes = -1,
                        .total_bytes = -1,
                        .clock_station = INSTANT_NONE,
        };
        (void)snprintf(ret->clock_text, sizeof(ret->clock_text), "%s", f->clock);
        return f->identify_outcome;
}

static int fake_list_extras(struct fake_recorder *f, const struct recorder_listener *to)
{
        struct recorder_deleted deleted = {.index = f->n,
                                           .flags = RECORDER_DELETED_RECOVERABLE,
                                           .size = 7,
                                           .path = "SD/(deleted)/_1.mp4"};
        struct recorder_finding finding = {.kind = "dirty", .place = "SD", .text = "it was not unmounted"};
        int result = f->with_extras ? to->on_deleted(to->userdata, &deleted) : 0;

        if (result == 0 && f->with_extras)
                result = to->on_finding(to->userdata, &finding);
        return result;
}

static int fake_list(struct recorder *r, const struct recorder_listener *to, bool *ret_complete)
{
        struct fake_recorder *f = (struct fake_recorder *)r;
        int extras;

        for (uint32_t i = 0; i < f->n; i++) {
                struct recorder_item item = {.index = i,
                                             .size = f->items[i].listed ? f->items[i].listed
                                                                        : f->items[i].size};
                int result;

                (void)snprintf(item.path, sizeof(item.path), "SD/DCIM/%04u.mp4", i);
                result = to->on_item(to->userdata, &item);
                if (result != 0)
                        return result;
        }
        extras = fake_list_extras(f, to);
        if (extras != 0)
                return extras;
        *ret_complete = f->list_outcome == RECORDER_OK;
        return f->list_outcome;
}

/* As a driver does while a device sends nothing: looks at its hook until that ends the wait. */
static int fake_wait(struct fake_recorder *f)
{
        (void)sem_post(&f->waiting);
        while (!f->cancelled(f->userdata))
                (void)poll(NULL, 0, 1);
        return RECORDER_CANCELLED;
}

/* Told as a disk does, a few at a time. */
static int fake_gap(const struct fake_item *item, const struct recorder_sink *sink)
{
        int64_t pieces = MAX(item->gap_pieces, 1);
        int result = 0;

        for (int64_t i = 0; i < pieces && result == 0; i++)
                result = sink->unreadable(sink->userdata, item->gap_size / pieces);
        return result;
}

static int fake_read(struct recorder *r, uint32_t index, int64_t offset, const struct recorder_sink *sink,
                     int64_t *ret_size)
{
        struct fake_recorder *f = (struct fake_recorder *)r;
        const struct fake_item *item = &f->items[index];
        int64_t end = item->end_at > 0 ? item->end_at : item->size, position = offset;
        uint8_t data[64 * 1024];

        f->read_from = offset;
        while (position < end) {
                int64_t stop = item->wait_at > position  ? MIN(item->wait_at, end)
                               : item->gap_at > position ? MIN(item->gap_at, end)
                                                         : end;
                size_t n = (size_t)MIN((int64_t)MIN(f->piece, sizeof(data)), stop - position);
                int result;

                if (item->wait_at == position && position > 0)
                        return fake_wait(f);
                if (item->gap_size > 0 && item->gap_at == position) {
                        result = fake_gap(item, sink);
                        if (result != 0)
                                return result;
                        position += item->gap_size;
                        continue;
                }
                fake_fill(index, position, data, n);
                result = sink->write(sink->userdata, data, n);
                if (result != 0)
                        return result;
                position += (int64_t)n;
        }
        *ret_size = item->size;
        return item->end_at > 0 ? item->outcome : RECORDER_OK;
}

static int fake_remove(struct recorder *r, uint32_t index)
{
        struct fake_recorder *f = (struct fake_recorder *)r;

        f->removed |= 1U << index;
        return RECORDER_OK;
}

static int fake_set_clock(struct recorder *r, const char *text, struct recorder_clock *ret_after)
{
        struct fake_recorder *f = (struct fake_recorder *)r;

        (void)snprintf(f->clock, sizeof(f->clock), "%s", text);
        *ret_after = (struct recorder_clock){.station = clock_now(), .uncertainty = 7};
        (void)snprintf(ret_after->text, sizeof(ret_after->text), "%s", text);
        return RECORDER_OK;
}

static void fake_close(struct recorder *r)
{
        ((struct fake_recorder *)r)->closed++;
}

static const struct recorder_verbs fake_verbs = {
                .identify = fake_identify,
                .list = fake_list,
                .read = fake_read,
                .remove = fake_remove,
                .set_clock = fake_set_clock,
                .close = fake_close,
};

void fake_recorder_init(struct fake_recorder *f, struct fake_item *items, uint32_t n)
{
        *f = (struct fake_recorder){
                        .recorder.verbs = &fake_verbs,
                        .items = items,
                        .n = n,
                        .capabilities = RECORDER_CAN_LIST | RECORDER_CAN_READ | RECORDER_CAN_RESUME |
                                        RECORDER_CAN_REMOVE | RECORDER_CAN_READ_CLOCK |
                                        RECORDER_CAN_SET_CLOCK,
                        .piece = 64 * 1024,
                        .clock = "20260101T000000",
        };
        (void)sem_init(&f->waiting, 0, 0);
}
