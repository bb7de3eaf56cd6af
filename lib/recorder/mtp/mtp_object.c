// SPDX-License-Identifier: LGPL-2.1-or-later
/* See mtp_object.h. Storage ids are always concrete: there are responders that wedge on "all storages". */
#include "recorder/mtp/mtp_object.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "recorder/mtp/ptp_wire.h"

#include <stdio.h>

#define LOCKED_PAUSE_MS 250
#define PROPERTY_MAX    1024
#define STORAGE_IDS_MAX 64

/* Fetches a dataset; a response other than OK is its outcome. */
static int dataset_fetch(struct ptp_session *s, const struct ptp_request *q, struct ptp_bytes *b)
{
        struct ptp_reply reply;
        int r = ptp_session_fetch(s, q, b, &reply);

        if (r != RECORDER_OK)
                return r;
        if (reply.code != PTP_OK)
                return ptp_outcome_of_response(reply.code);
        return reply.cut ? RECORDER_PROTOCOL : RECORDER_OK;
}

static int storage_ids_fetch(struct ptp_session *s, uint32_t **ret, size_t *ret_n)
{
        _cleanup_(ptp_bytes_done) struct ptp_bytes b = {0};
        struct ptp_request q = {.code = PTP_GET_STORAGE_IDS};
        int r = dataset_fetch(s, &q, &b);

        if (r != RECORDER_OK)
                return r;
        r = ptp_handles_parse(b.data, b.size, STORAGE_IDS_MAX, ret, ret_n);
        return r == -ENOMEM ? r : r < 0 ? RECORDER_PROTOCOL : RECORDER_OK;
}

static bool label_taken(const struct mtp_storages *all, const char *label)
{
        for (unsigned int i = 0; i < all->n; i++)
                if (strcmp(all->at[i].label, label) == 0)
                        return true;
        return false;
}

static void label_settle(const struct mtp_storages *all, const struct ptp_storage_info *i,
                         struct mtp_storage *storage)
{
        char name[ITEM_NAME_MAX];

        (void)text_copy(name, sizeof(name), i->description[0] ? i->description : i->label);
        if (name[0] != '\0')
                item_name_settle(name, storage->id);
        else
                (void)snprintf(name, sizeof(name), "%08x", storage->id);
        (void)text_copy(storage->label, sizeof(storage->label), name);
        text_make_printable(storage->label);
        if (label_taken(all, storage->label))
                (void)snprintf(storage->label, sizeof(storage->label), "%.100s~%08x", name, storage->id);
        text_make_printable(storage->label);
}

static int64_t bytes_known(uint64_t v)
{
        return v > INT64_MAX ? -1 : (int64_t)v; /* all ones: the device does not know */
}

static int storage_add(struct ptp_session *s, uint32_t id, struct mtp_storages *all)
{
        _cleanup_(ptp_bytes_done) struct ptp_bytes b = {0};
        struct ptp_request q = {.code = PTP_GET_STORAGE_INFO, .params = {id}, .n_params = 1};
        struct mtp_storage *storage = &all->at[all->n];
        struct ptp_storage_info i = {0};
        int r = dataset_fetch(s, &q, &b);
        bool known = r == RECORDER_OK && ptp_storage_info_parse(b.data, b.size, &i);

        if (r < 0 || r == RECORDER_GONE || r == RECORDER_CANCELLED || r == RECORDER_STALLED)
                return r;
        /* A storage that cannot describe itself may still be read. */
        storage->id = id;
        storage->free = known ? bytes_known(i.free) : -1;
        storage->total = known && i.capacity > 0 ? bytes_known(i.capacity) : -1;
        label_settle(all, &i, storage);
        all->n++;
        return RECORDER_OK;
}

static int storages_once(struct ptp_session *s, struct mtp_storages *ret)
{
        _cleanup_free_ uint32_t *ids = NULL;
        size_t n = 0;
        int r = storage_ids_fetch(s, &ids, &n);

        if (r != RECORDER_OK)
                return r;
        ret->n = 0;
        for (size_t i = 0; i < n && ret->n < MTP_STORAGES_MAX; i++) {
                /* low half 0: a slot without medium (PIMA 15740 section 5.2.3) */
                if ((ids[i] & 0xffff) == 0 || ids[i] == UINT32_MAX)
                        continue;
                r = storage_add(s, ids[i], ret);
                if (r != RECORDER_OK)
                        return r;
        }
        return ret->n > 0 ? RECORDER_OK : RECORDER_LOCKED;
}

int mtp_storages_fetch(struct ptp_session *s, bool wait, struct mtp_storages *ret)
{
        struct ptp_transport *t = s->transport;
        int64_t deadline = t->verbs->now(t) + s->limits.locked_ms * USEC_PER_MSEC;

        for (;;) {
                int r = storages_once(s, ret);

                if (r != RECORDER_LOCKED || !wait || t->verbs->now(t) >= deadline)
                        return r;
                r = t->verbs->pause(t, LOCKED_PAUSE_MS);
                if (r != USB_OK)
                        return r == USB_CANCELLED ? RECORDER_CANCELLED : RECORDER_GONE;
        }
}

int mtp_size_fetch(struct ptp_session *s, uint32_t handle, int64_t *ret)
{
        _cleanup_(ptp_bytes_done) struct ptp_bytes b = {0};
        struct ptp_request q = {
                        .code = MTP_GET_OBJECT_PROP_VALUE,
                        .params = {handle, MTP_OBJECT_SIZE},
                        .n_params = 2,
                        .most = PROPERTY_MAX,
        };
        int r = dataset_fetch(s, &q, &b);
        int64_t size;

        if (r != RECORDER_OK)
                return r;
        size = b.size == 8 ? (int64_t)wire_get64(b.data) : -1;
        *ret = size > 0 && size != UINT32_MAX ? size : -1;
        return RECORDER_OK;
}

static void entry_of_info(uint32_t handle, const struct ptp_object_info *i, struct mtp_entry *e)
{
        *e = (struct mtp_entry){.handle = handle, .format = i->format, .protected = i->protection != 0};
        e->over_4g = i->size == UINT32_MAX;
        e->size = i->size == 0 || i->size == UINT32_MAX ? -1 : (int64_t)i->size;
        (void)text_copy(e->name, sizeof(e->name), i->name);
        (void)text_copy(e->time_text, sizeof(e->time_text), i->modified[0] ? i->modified : i->captured);
}

int mtp_entry_fetch(struct ptp_session *s, const struct ptp_device_info *info, uint32_t handle,
                    struct mtp_entry *ret)
{
        _cleanup_(ptp_bytes_done) struct ptp_bytes b = {0};
        struct ptp_request q = {.code = PTP_GET_OBJECT_INFO, .params = {handle}, .n_params = 1};
        struct ptp_object_info i;
        struct mtp_entry e;
        int64_t size = -1;
        int r = dataset_fetch(s, &q, &b);

        if (r != RECORDER_OK)
                return r;
        if (!ptp_object_info_parse(b.data, b.size, &i))
                return RECORDER_PROTOCOL;
        entry_of_info(handle, &i, &e);
        if (e.size < 0 && !mtp_entry_is_folder(&e) && ptp_device_info_has(info, MTP_GET_OBJECT_PROP_VALUE)) {
                r = mtp_size_fetch(s, handle, &size);
                if (r < 0 || r == RECORDER_GONE || r == RECORDER_CANCELLED || r == RECORDER_STALLED)
                        return r;
                e.size = size;
                e.wide = size >= 0;
        }
        *ret = e;
        return RECORDER_OK;
}

int mtp_handles_fetch(struct ptp_session *s, uint32_t storage, uint32_t parent, uint32_t **ret,
                      size_t *ret_n)
{
        _cleanup_(ptp_bytes_done) struct ptp_bytes b = {0};
        struct ptp_request q = {
                        .code = PTP_GET_OBJECT_HANDLES,
                        .params = {storage, 0, parent},
                        .n_params = 3,
        };
        int r = dataset_fetch(s, &q, &b);

        if (r != RECORDER_OK)
                return r;
        r = ptp_handles_parse(b.data, b.size, s->limits.objects, ret, ret_n);
        return r == -ENOMEM ? r : r < 0 ? RECORDER_PROTOCOL : RECORDER_OK;
}

int mtp_property_text(struct ptp_session *s, uint16_t property, char *ret, size_t size)
{
        _cleanup_(ptp_bytes_done) struct ptp_bytes b = {0};
        struct ptp_request q = {
                        .code = PTP_GET_DEVICE_PROP_VALUE,
                        .params = {property},
                        .n_params = 1,
                        .most = PROPERTY_MAX,
        };
        size_t used;
        int r = dataset_fetch(s, &q, &b);

        if (r != RECORDER_OK)
                return r;
        return ptp_string_parse(b.data, b.size, ret, size, &used) ? RECORDER_OK : RECORDER_PROTOCOL;
}

int mtp_property_describe(struct ptp_session *s, uint16_t property, struct ptp_prop_desc *ret)
{
        _cleanup_(ptp_bytes_done) struct ptp_bytes b = {0};
        struct ptp_request q = {.code = PTP_GET_DEVICE_PROP_DESC, .params = {property}, .n_params = 1};
        int r = dataset_fetch(s, &q, &b);

        if (r != RECORDER_OK)
                return r;
        return ptp_prop_desc_parse(b.data, b.size, ret) ? RECORDER_OK : RECORDER_PROTOCOL;
}
