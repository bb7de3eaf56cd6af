// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The verbs of an MTP recorder, apart from reading. Nothing is removed that has not been looked at again
 * immediately before: a handle is only a number, and a device may have given it to another file since.
 */
#include "recorder/mtp/mtp_state.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

int mtp_ready(struct mtp_recorder *m)
{
        _cleanup_(ptp_bytes_done) struct ptp_bytes b = {0};
        struct ptp_request q = {.code = PTP_GET_DEVICE_INFO};
        struct ptp_reply reply;
        int r;

        if (!m->has_info) {
                r = ptp_session_fetch(&m->session, &q, &b, &reply);
                if (r != RECORDER_OK)
                        return r;
                if (reply.code != PTP_OK)
                        return ptp_outcome_of_response(reply.code);
                if (!ptp_device_info_parse(b.data, b.size, &m->info))
                        return RECORDER_PROTOCOL;
                m->has_info = true;
        }
        return ptp_session_open(&m->session);
}

static bool can(const struct mtp_recorder *m, uint16_t operation)
{
        return ptp_device_info_has(&m->info, operation);
}

static uint32_t capabilities(const struct mtp_recorder *m)
{
        bool clock = ptp_device_info_has_property(&m->info, PTP_PROP_DATE_TIME);
        uint32_t c = 0;

        if (can(m, PTP_GET_OBJECT_HANDLES) && can(m, PTP_GET_OBJECT_INFO))
                c |= RECORDER_CAN_LIST;
        if (can(m, PTP_GET_OBJECT))
                c |= RECORDER_CAN_READ;
        if (mtp_can_resume(m, 0, 0))
                c |= RECORDER_CAN_RESUME;
        if (can(m, PTP_DELETE_OBJECT))
                c |= RECORDER_CAN_REMOVE;
        if (clock && can(m, PTP_GET_DEVICE_PROP_VALUE))
                c |= RECORDER_CAN_READ_CLOCK;
        if (clock && can(m, PTP_SET_DEVICE_PROP_VALUE))
                c |= RECORDER_CAN_SET_CLOCK;
        return c;
}

/* Outcomes after which asking for anything more is of no use. */
static bool is_end(const struct mtp_recorder *m, int r)
{
        return r < 0 || r == RECORDER_GONE || r == RECORDER_CANCELLED || m->session.dead;
}

/* PIMA 15740 section 13.4.1: an integer in a range or an enumeration, of whatever scale. */
static int32_t battery_scale(const struct ptp_prop_desc *d)
{
        uint64_t least = d->has_range ? d->least : 0, greatest = d->has_range ? d->greatest : 100;
        uint64_t now = d->current.number;

        if (greatest <= least || greatest > UINT16_MAX || now < least || now > greatest)
                return -1;
        return (int32_t)((now - least) * 100 / (greatest - least));
}

static int battery_read(struct mtp_recorder *m, struct recorder_identity *i)
{
        struct ptp_prop_desc d;
        int r;

        if ((m->quirks.flags & QUIRK_BROKEN_BATTERY) || !can(m, PTP_GET_DEVICE_PROP_DESC) ||
            !ptp_device_info_has_property(&m->info, PTP_PROP_BATTERY_LEVEL))
                return RECORDER_OK;
        r = mtp_property_describe(&m->session, PTP_PROP_BATTERY_LEVEL, &d);
        if (is_end(m, r))
                return r;
        if (r == RECORDER_OK)
                i->battery_percent = battery_scale(&d);
        return RECORDER_OK;
}

static int clock_look(struct mtp_recorder *m, struct recorder_clock *ret)
{
        struct ptp_transport *t = m->transport;
        int64_t begun = t->verbs->now(t), trip;
        instant_t station = clock_now();
        struct recorder_clock c;
        int r = mtp_property_text(&m->session, PTP_PROP_DATE_TIME, c.text, sizeof(c.text));

        if (r != RECORDER_OK)
                return r;
        trip = t->verbs->now(t) - begun;
        c.station = station + trip / 2;
        c.uncertainty = (trip + 1) / 2;
        *ret = c;
        return RECORDER_OK;
}

static int clock_read(struct mtp_recorder *m, struct recorder_identity *i)
{
        struct recorder_clock c;
        int r;

        if (!(i->capabilities & RECORDER_CAN_READ_CLOCK))
                return RECORDER_OK;
        r = clock_look(m, &c);
        if (is_end(m, r))
                return r;
        if (r != RECORDER_OK || c.text[0] == '\0')
                return RECORDER_OK;
        memcpy(i->clock_text, c.text, sizeof(i->clock_text));
        i->clock_station = c.station;
        i->clock_uncertainty = c.uncertainty;
        return RECORDER_OK;
}

/* The sum over all storages; unknown when one of them is. */
static int space_read(struct mtp_recorder *m, struct recorder_identity *i)
{
        struct mtp_storages all;
        int64_t free = 0, total = 0;
        int r = mtp_storages_fetch(&m->session, false, &all);

        if (is_end(m, r))
                return r;
        if (r != RECORDER_OK)
                return RECORDER_OK; /* locked: list says so */
        for (unsigned int n = 0; n < all.n; n++) {
                if (free >= 0 && (all.at[n].free < 0 || __builtin_add_overflow(free, all.at[n].free, &free)))
                        free = -1;
                if (total >= 0 &&
                    (all.at[n].total < 0 || __builtin_add_overflow(total, all.at[n].total, &total)))
                        total = -1;
        }
        i->free_bytes = free;
        i->total_bytes = total;
        return RECORDER_OK;
}

static int identify(struct recorder *recorder, struct recorder_identity *ret)
{
        struct mtp_recorder *m = (struct mtp_recorder *)recorder;
        struct recorder_identity i = {
                        .driver = "mtp",
                        .battery_percent = -1,
                        .free_bytes = -1,
                        .total_bytes = -1,
                        .clock_station = INSTANT_NONE,
        };
        int r = mtp_ready(m);

        if (r != RECORDER_OK)
                return r;
        memcpy(i.manufacturer, m->info.manufacturer, sizeof(i.manufacturer));
        memcpy(i.model, m->info.model, sizeof(i.model));
        memcpy(i.firmware, m->info.version, sizeof(i.firmware));
        memcpy(i.serial, m->info.serial, sizeof(i.serial));
        i.capabilities = capabilities(m);
        r = clock_read(m, &i);
        if (r == RECORDER_OK)
                r = battery_read(m, &i);
        if (r == RECORDER_OK)
                r = space_read(m, &i);
        if (r == RECORDER_OK)
                *ret = i;
        return r;
}

static int list(struct recorder *recorder, const struct recorder_listener *to, bool *ret_complete)
{
        struct mtp_recorder *m = (struct mtp_recorder *)recorder;
        int r = mtp_ready(m);

        if (r != RECORDER_OK)
                return r;
        if (!(capabilities(m) & RECORDER_CAN_LIST))
                return RECORDER_UNSUPPORTED;
        return mtp_tree_list(&m->tree, &m->session, &m->info, to->on_item, to->userdata, ret_complete);
}

int mtp_object_check(struct mtp_recorder *m, const struct mtp_object *o, struct mtp_entry *ret)
{
        struct mtp_entry e;
        int r = mtp_entry_fetch(&m->session, &m->info, o->handle, &e);

        if (r != RECORDER_OK)
                return r;
        if (!mtp_object_is(o, &e))
                return RECORDER_MISMATCH;
        *ret = e;
        return RECORDER_OK;
}

static int object_delete(struct mtp_recorder *m, uint32_t handle)
{
        struct ptp_request q = {.code = PTP_DELETE_OBJECT, .params = {handle, 0}, .n_params = 2};
        struct ptp_reply reply;
        int r = ptp_session_run(&m->session, &q, &reply);

        return r == RECORDER_OK ? ptp_outcome_of_response(reply.code) : r;
}

static int remove_item(struct recorder *recorder, uint32_t index)
{
        struct mtp_recorder *m = (struct mtp_recorder *)recorder;
        const struct mtp_object *o = mtp_tree_at(&m->tree, index);
        struct mtp_entry e;
        int r;

        if (!o)
                return -EINVAL;
        r = mtp_ready(m);
        if (r != RECORDER_OK)
                return r;
        if (!can(m, PTP_DELETE_OBJECT))
                return RECORDER_UNSUPPORTED;
        r = mtp_object_check(m, o, &e);
        if (r != RECORDER_OK)
                return r;
        if (e.protected || o->protected)
                return RECORDER_DENIED;
        r = object_delete(m, o->handle);
        if (r != RECORDER_OK)
                return r;
        /* There are devices that answer OK and keep the file. */
        r = mtp_entry_fetch(&m->session, &m->info, o->handle, &e);
        if (r == RECORDER_ABSENT)
                return RECORDER_OK;
        return r == RECORDER_OK ? RECORDER_DENIED : r;
}

static int set_clock(struct recorder *recorder, const char *text, struct recorder_clock *ret_after)
{
        struct mtp_recorder *m = (struct mtp_recorder *)recorder;
        uint8_t value[1 + 2 * 255];
        struct ptp_request q = {
                        .code = PTP_SET_DEVICE_PROP_VALUE, .params = {PTP_PROP_DATE_TIME}, .n_params = 1};
        struct ptp_reply reply;
        int r;

        q.out = value;
        q.out_size = ptp_string_encode(text, value);
        if (q.out_size == 0)
                return -EINVAL;
        r = mtp_ready(m);
        if (r != RECORDER_OK)
                return r;
        if (!(capabilities(m) & RECORDER_CAN_SET_CLOCK))
                return RECORDER_UNSUPPORTED;
        r = ptp_session_run(&m->session, &q, &reply);
        if (r != RECORDER_OK)
                return r;
        if (reply.code != PTP_OK)
                return ptp_outcome_of_response(reply.code);
        return clock_look(m, ret_after);
}

static void close_recorder(struct recorder *recorder)
{
        struct mtp_recorder *m = (struct mtp_recorder *)recorder;

        ptp_session_close(&m->session);
        m->transport->verbs->free(m->transport);
        mtp_tree_done(&m->tree);
        free(m);
}

static const struct recorder_verbs mtp_verbs = {
                .identify = identify,
                .list = list,
                .read = mtp_read,
                .remove = remove_item,
                .set_clock = set_clock,
                .figures = mtp_figures,
                .close = close_recorder,
};

/* The defaults' proportions to the time for an answer, where that is known of the product. */
static struct mtp_limits limits_adapt(const struct mtp_limits *limits, const struct quirks *quirks)
{
        struct mtp_limits l = *limits;

        if (quirks->timeout_ms == 0)
                return l;
        l.command_ms = l.command_ms ? l.command_ms : (int)quirks->timeout_ms;
        l.stall_ms = l.stall_ms ? l.stall_ms : (int)quirks->timeout_ms / 4;
        l.busy_ms = l.busy_ms ? l.busy_ms : (int)quirks->timeout_ms / 2;
        return l;
}

int mtp_recorder_new(struct recorder **ret, struct ptp_transport *transport, const struct recorder_open *how,
                     const struct quirks *quirks)
{
        const struct mtp_limits limits = limits_adapt(&how->limits, quirks);
        struct mtp_recorder *m = calloc(1, sizeof(*m));

        if (!m)
                return -ENOMEM;
        m->recorder.verbs = &mtp_verbs;
        m->transport = transport;
        m->quirks = *quirks;
        ptp_session_init(&m->session, transport, &limits, quirks->flags);
        m->session.notice = how->notice;
        m->session.userdata = how->userdata;
        *ret = &m->recorder;
        return 0;
}
