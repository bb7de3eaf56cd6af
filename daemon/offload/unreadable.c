// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * See unreadable.h. A medium fails sector by sector: what lies side by side is told as one range. A range
 * that does not end is told in pieces, so that the part grows while it is read.
 */
#include "daemon/offload/unreadable.h"

#include "daemon/offload/report.h"

enum { PIECE_MAX = 16 * 1024 * 1024, ZEROS_SIZE = 64 * 1024 };

void unreadable_init(struct unreadable *u, struct part_writer *w, int socket,
                     const struct offload_fetch *fetch)
{
        *u = (struct unreadable){
                        .writer = w, .socket = socket, .item = fetch->item, .item_size = fetch->size};
}

static int range_tell(struct unreadable *u)
{
        struct offload_unreadable m = {.item = u->item, .offset = part_fed(u->writer), .size = u->pending};

        if (u->told >= OFFLOAD_UNREADABLE_MAX)
                return PART_OK;
        u->told++;
        m.rest = u->told == OFFLOAD_UNREADABLE_MAX;
        if (m.rest)
                m.size = (u->item_size >= 0 ? u->item_size : INT64_MAX) - m.offset;
        return report_send(u->socket, OFFLOAD_UNREADABLE, &m, sizeof(m)) < 0 ? PART_ABANDONED : PART_OK;
}

int unreadable_flush(struct unreadable *u)
{
        static const uint8_t zeros[ZEROS_SIZE];
        int r;

        if (u->pending == 0)
                return PART_OK;
        r = range_tell(u);
        while (r == PART_OK && u->pending > 0) {
                int64_t n = MIN(u->pending, (int64_t)ZEROS_SIZE);

                r = part_feed(u->writer, zeros, (size_t)n);
                if (r != PART_OK)
                        break;
                u->total += n;
                u->pending -= n;
        }
        return r;
}

int unreadable_add(struct unreadable *u, int64_t size)
{
        int r = PART_OK;

        while (size > 0 && r == PART_OK) {
                int64_t n = MIN(size, (int64_t)PIECE_MAX - u->pending);

                u->pending += n;
                size -= n;
                if (u->pending == PIECE_MAX)
                        r = unreadable_flush(u);
        }
        return r;
}
