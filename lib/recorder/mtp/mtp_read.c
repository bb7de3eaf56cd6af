// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading an object. From its start it is one GetObject: one data phase, however long. From an offset it is
 * a series of partial reads where the device has them, else a GetObject whose beginning is thrown away. What
 * arrived is counted and held against the size: nothing short is ever called complete. After a step of the
 * ladder reading goes on where it stopped, as long as the object is still the same.
 */
#include "recorder/mtp/mtp_state.h"

#include "base/cleanup.h"

/* A partial read that gives less than it was asked for is lawful, and its loop is bounded by progress alone:
 * a device that gives a byte at a time could hold its bay for years. */
#define CRUMB_SIZE 512
#define CRUMBS_MAX 16

/* Steps of the ladder that one reading may cost. The docking has more: an object that cannot be had must
 * leave some to those behind it. */
#define STEPS_MAX 3

struct reading {
        struct mtp_recorder *m;
        const struct mtp_object *object;
        const struct recorder_sink *sink;
        int64_t position;    /* bytes of the object that the sink has, or that it does not want */
        int64_t skip;        /* bytes of this transaction still to be thrown away */
        bool ended;          /* an object of unknown size has come to its end */
        unsigned int crumbs; /* partial reads that gave next to nothing */
};

static int on_data(void *userdata, const uint8_t *data, size_t size)
{
        struct reading *r = userdata;
        size_t skip = (size_t)MIN((uint64_t)size, (uint64_t)r->skip);
        int result;

        r->skip -= (int64_t)skip;
        if (size == skip)
                return 0;
        result = r->sink->write(r->sink->userdata, data + skip, size - skip);
        if (result == 0)
                r->position += (int64_t)(size - skip);
        return result;
}

/*
 * A transaction that came to its end with an error is the device's word on this object. The wire is in
 * order: a step of the ladder would not help here, and would be missing for the objects behind it.
 */
static int refusal(uint16_t code)
{
        int outcome = ptp_outcome_of_response(code);

        return outcome == RECORDER_PROTOCOL ? RECORDER_UNREADABLE : outcome;
}

static int whole_read(struct reading *r)
{
        const struct mtp_object *o = r->object;
        struct ptp_request q = {
                        .code = PTP_GET_OBJECT,
                        .params = {o->handle},
                        .n_params = 1,
                        .on_data = on_data,
                        .userdata = r,
                        .sized = o->size >= 0,
                        .expected = (uint64_t)MAX(o->size, 0),
                        .over_4g = o->over_4g,
        };
        struct ptp_reply reply;
        int result;

        r->skip = r->position;
        result = ptp_session_run(&r->m->session, &q, &reply);
        if (result != RECORDER_OK)
                return result;
        if (reply.code != PTP_OK)
                return refusal(reply.code);
        if (reply.cut || r->skip > 0)
                return RECORDER_SHORT;
        r->ended = true;
        return RECORDER_OK;
}

static bool has_partial_64(const struct mtp_recorder *m)
{
        return !(m->quirks.flags & QUIRK_NO_PARTIAL64) &&
               ptp_device_info_has(&m->info, ANDROID_GET_PARTIAL_OBJECT_64);
}

static bool has_partial_32(const struct mtp_recorder *m)
{
        return !(m->quirks.flags & QUIRK_NO_PARTIAL) &&
               ptp_device_info_has(&m->info, PTP_GET_PARTIAL_OBJECT);
}

bool mtp_can_resume(const struct mtp_recorder *m, int64_t offset, int64_t size)
{
        if (has_partial_64(m))
                return true;
        return has_partial_32(m) && offset < UINT32_MAX && size >= 0 && size <= UINT32_MAX;
}

/* Bytes of the next partial read. */
static uint32_t chunk_size(const struct reading *r)
{
        size_t packet = r->m->transport->packet_size;
        uint32_t chunk = r->m->quirks.chunk ? r->m->quirks.chunk : MTP_CHUNK_DEFAULT;

        if (r->object->size >= 0)
                chunk = (uint32_t)MIN((int64_t)chunk, r->object->size - r->position);
        if ((r->m->quirks.flags & QUIRK_SAMSUNG_OFFSET) && chunk > 1 &&
            (chunk + PTP_HEADER_SIZE) % packet == 0)
                chunk--;
        return chunk;
}

static void partial_request(const struct reading *r, struct ptp_request *q)
{
        uint64_t at = (uint64_t)r->position;
        uint32_t chunk = chunk_size(r);

        if (has_partial_64(r->m))
                *q = (struct ptp_request){
                                .code = ANDROID_GET_PARTIAL_OBJECT_64,
                                .params = {r->object->handle, (uint32_t)at, (uint32_t)(at >> 32), chunk},
                                .n_params = 4,
                };
        else
                *q = (struct ptp_request){
                                .code = PTP_GET_PARTIAL_OBJECT,
                                .params = {r->object->handle, (uint32_t)at, chunk},
                                .n_params = 3,
                };
        q->sized = true;
        q->expected = chunk;
}

/* One partial read. Progress is what keeps the loop around it alive. */
static int partial_once(struct reading *r)
{
        bool sized = r->object->size >= 0;
        int64_t before = r->position;
        struct ptp_request q;
        struct ptp_reply reply;
        int result;

        partial_request(r, &q);
        q.on_data = on_data;
        q.userdata = r;
        r->skip = 0;
        result = ptp_session_run(&r->m->session, &q, &reply);
        if (result != RECORDER_OK)
                return result;
        /* An offset at the end may be refused as a parameter; any other error says nothing of where the end
         * is. */
        if (reply.code != PTP_OK && (sized || before == 0 || reply.code != PTP_INVALID_PARAMETER))
                return refusal(reply.code);
        if (reply.cut)
                return RECORDER_SHORT;
        if (r->position - before < CRUMB_SIZE && ++r->crumbs > CRUMBS_MAX)
                return RECORDER_UNREADABLE;
        if (r->position > before)
                return RECORDER_OK;
        if (sized)
                return RECORDER_SHORT;
        r->ended = true; /* nothing behind what we have: that is its end */
        return RECORDER_OK;
}

static bool reading_done(const struct reading *r)
{
        return r->ended || (r->object->size >= 0 && r->position >= r->object->size);
}

static int partial_read(struct reading *r)
{
        int result = RECORDER_OK;

        while (result == RECORDER_OK && !reading_done(r))
                result = partial_once(r);
        return result;
}

static bool may_go_on(const struct reading *r, int result)
{
        return (result == RECORDER_STALLED || result == RECORDER_PROTOCOL) && !r->m->session.dead;
}

/* After a reset a handle may name another object, or none: then the listing has to be made anew. */
static int object_still(struct reading *r)
{
        struct mtp_entry e;
        int result;

        if (r->m->session.generation == r->m->tree.generation)
                return RECORDER_OK;
        result = mtp_object_check(r->m, r->object, &e);
        return result == RECORDER_ABSENT || result == RECORDER_MISMATCH ? RECORDER_STALLED : result;
}

/*
 * All bytes that the listing promised have come, but a size told in 32 bits may be one modulo 2^32, and what
 * came the beginning of something larger. The device is asked in 64 bits; when it cannot answer, 'doubt'
 * decides.
 */
static int size_confirm(const struct reading *r, int doubt)
{
        const struct mtp_object *o = r->object;
        int64_t size = -1;
        int result = RECORDER_UNSUPPORTED;

        if (o->wide || o->size < 0)
                return RECORDER_OK;
        if (ptp_device_info_has(&r->m->info, MTP_GET_OBJECT_PROP_VALUE))
                result = mtp_size_fetch(&r->m->session, o->handle, &size);
        if (result < 0 || result == RECORDER_GONE || result == RECORDER_CANCELLED)
                return result;
        if (size < 0)
                return doubt;
        return size == o->size ? RECORDER_OK : RECORDER_MISMATCH;
}

static int reading_run(struct reading *r)
{
        unsigned int begun_at = r->m->session.recoveries;

        for (;;) {
                unsigned int recoveries = r->m->session.recoveries;
                int result = object_still(r);
                bool surplus;

                if (result != RECORDER_OK)
                        return result;
                if (r->position > 0 && mtp_can_resume(r->m, r->position, r->object->size))
                        result = partial_read(r);
                else
                        result = whole_read(r);
                if (!may_go_on(r, result))
                        return result;
                surplus = result == RECORDER_PROTOCOL && reading_done(r);
                if (!surplus && r->m->session.recoveries - begun_at >= STEPS_MAX)
                        return result;
                /* The transaction may have used up its ladder; else this is the step for data that broke
                 * off. */
                if (r->m->session.recoveries == recoveries &&
                    ptp_session_recover(&r->m->session, result) != RECORDER_OK)
                        return result;
                if (r->m->session.dirty)
                        return result;
                if (surplus)
                        return size_confirm(r, RECORDER_MISMATCH);
        }
}

int mtp_read(struct recorder *recorder, uint32_t index, int64_t offset, const struct recorder_sink *sink,
             int64_t *ret_size)
{
        struct mtp_recorder *m = (struct mtp_recorder *)recorder;
        const struct mtp_object *o = mtp_tree_at(&m->tree, index);
        struct reading r = {.m = m, .object = o, .sink = sink, .position = offset};
        int result;

        if (!o || offset < 0)
                return -EINVAL;
        result = mtp_ready(m);
        if (result != RECORDER_OK)
                return result;
        if (o->size >= 0 && offset > o->size)
                return RECORDER_MISMATCH;
        result = reading_run(&r);
        if (result != RECORDER_OK)
                return result;
        if (o->size >= 0 && r.position != o->size)
                return RECORDER_SHORT;
        /* From the start the device has said itself that nothing follows; partial reads got what they asked
         * for. */
        if (offset > 0)
                result = size_confirm(&r, RECORDER_OK);
        if (result != RECORDER_OK)
                return result;
        *ret_size = r.position;
        return RECORDER_OK;
}
