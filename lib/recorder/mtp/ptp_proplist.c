// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The incremental parser; see ptp_proplist.h. Bytes are gathered until they make one element; arrays are
 * passed over by counting, so that no length a device announces is ever allocated.
 */
#include "recorder/mtp/ptp_proplist.h"

#include "base/cleanup.h"
#include "recorder/mtp/ptp_codes.h"
#include "recorder/mtp/ptp_wire.h"

#define ELEMENT_HEAD 8 /* handle, property, type */

static size_t scalar_size(uint16_t type)
{
        static const uint8_t sizes[] = {0, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16};

        return type < ELEMENTSOF(sizes) ? sizes[type] : 0;
}

/* Bytes the thing at the front needs as far as can be told from what is held; more than that is asked for
 * step by step. 0: impossible. */
static size_t bytes_needed(const struct ptp_proplist *p)
{
        uint16_t type;

        if (!p->begun)
                return 4;
        if (p->held_size < ELEMENT_HEAD)
                return ELEMENT_HEAD;
        type = wire_get16(p->held + 6);
        if (type == PTP_STRING)
                return p->held_size <= ELEMENT_HEAD ? ELEMENT_HEAD + 1
                                                    : ELEMENT_HEAD + 1 + 2 * (size_t)p->held[ELEMENT_HEAD];
        if (type & PTP_ARRAY)
                return scalar_size(type & 0x3fff) ? ELEMENT_HEAD + 4 : 0;
        return scalar_size(type) ? ELEMENT_HEAD + scalar_size(type) : 0;
}

/* What is held makes a whole thing: act on it. */
static int held_take(struct ptp_proplist *p)
{
        struct ptp_value value;
        uint16_t type;
        size_t used;

        if (!p->begun) {
                p->elements = wire_get32(p->held);
                p->begun = true;
                p->held_size = 0;
                return 0;
        }
        type = wire_get16(p->held + 6);
        p->done++;
        if (type != PTP_STRING && (type & PTP_ARRAY)) {
                p->skip = (uint64_t)wire_get32(p->held + ELEMENT_HEAD) * scalar_size(type & 0x3fff);
                p->held_size = 0;
                return 0;
        }
        if (!ptp_value_parse(p->held + ELEMENT_HEAD, p->held_size - ELEMENT_HEAD, type, &value, &used))
                return -EBADMSG;
        p->held_size = 0;
        return p->on_value(p->userdata, wire_get32(p->held), wire_get16(p->held + 4), &value);
}

int ptp_proplist_feed(struct ptp_proplist *p, const uint8_t *data, size_t size)
{
        while (size > 0) {
                size_t needed, n;
                int r;

                if (p->skip > 0) {
                        n = (size_t)MIN((uint64_t)size, p->skip);
                        p->skip -= n;
                        data += n;
                        size -= n;
                        continue;
                }
                if (p->begun && p->done == p->elements)
                        return -EBADMSG;
                needed = bytes_needed(p);
                if (needed == 0 || needed > sizeof(p->held))
                        return -EBADMSG;
                n = MIN(size, needed - p->held_size);
                memcpy(p->held + p->held_size, data, n);
                p->held_size += n;
                data += n;
                size -= n;
                if (p->held_size < needed || bytes_needed(p) > p->held_size)
                        continue;
                r = held_take(p);
                if (r != 0)
                        return r;
        }
        return 0;
}

bool ptp_proplist_complete(const struct ptp_proplist *p)
{
        return p->begun && p->done == p->elements && p->held_size == 0 && p->skip == 0;
}
