// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Operations on storages and objects: listings, ObjectInfo, the bytes themselves, deletion.
 */

#include "recsim_operation.h"

#include "base/cleanup.h"

#include <stdio.h>

bool recsim_listed(const struct recsim *r, const struct recsim_object *o, uint32_t storage)
{
        return !o->gone && !r->profile.locked && (storage == RECSIM_ALL || storage == o->storage);
}

void recsim_put_name(struct recsim_buffer *b, const struct recsim_object *o)
{
        if (o->units)
                recsim_put_units(b, o->units, o->n_units);
        else
                recsim_put_text(b, recsim_object_name(o));
}

uint64_t recsim_told_size(struct recsim *r, const struct recsim_object *o, uint16_t op,
                          enum recsim_fault_kind kind)
{
        struct recsim_occasion occasion = {.op = op, .path = o->path};
        const struct recsim_fault *f = recsim_faults_due(&r->faults, FAULT_SIZE, &occasion);

        if (!f)
                f = recsim_faults_due(&r->faults, kind, &occasion);
        return f ? f->value : o->size;
}

void recsim_get_storage_ids(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        unsigned int n = r->profile.locked ? 0 : r->tree.storages;

        (void)c;
        reply->has_data = true;
        recsim_put_u32(&reply->dataset, n);
        for (unsigned int i = 0; i < n; i++)
                recsim_put_u32(&reply->dataset, recsim_storage_id(i));
}

static uint64_t storage_used(const struct recsim *r, uint32_t storage)
{
        uint64_t used = 0;

        for (size_t i = 0; i < r->tree.n; i++) {
                if (recsim_listed(r, r->tree.objects[i], storage))
                        used += r->tree.objects[i]->size;
        }
        return used;
}

static const char *storage_label(const struct recsim *r, uint32_t storage)
{
        const char *label = r->tree.labels[(storage >> 16) - 1];

        if (*r->profile.label)
                return r->profile.label;
        return label ? label : "Internal storage";
}

void recsim_get_storage_info(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        struct recsim_buffer *b = &reply->dataset;
        uint64_t used, capacity;

        if (c->param[0] == RECSIM_ALL || !recsim_tree_has_storage(&r->tree, c->param[0])) {
                reply->code = RC_INVALID_STORAGE;
                return;
        }
        if (r->profile.locked) {
                reply->code = RC_STORE_NOT_AVAILABLE;
                return;
        }
        used = storage_used(r, c->param[0]);
        capacity = r->profile.capacity ? r->profile.capacity : used + (1ULL << 30);
        reply->has_data = true;
        recsim_put_u16(b, 3); /* fixed RAM */
        recsim_put_u16(b, 2); /* hierarchical */
        recsim_put_u16(b, 0); /* read and write */
        recsim_put_u64(b, capacity);
        recsim_put_u64(b, capacity > used ? capacity - used : 0);
        recsim_put_u32(b, RECSIM_ALL);
        recsim_put_text(b, storage_label(r, c->param[0]));
        recsim_put_text(b, "");
}

/* Parameters of a listing; false with the response code set when they are wrong. */
static bool listing_valid(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        const struct recsim_object *parent = NULL;

        if (!recsim_tree_has_storage(&r->tree, c->param[0])) {
                reply->code = RC_INVALID_STORAGE;
        } else if (c->param[2] != 0 && c->param[2] != RECSIM_ROOT) {
                parent = recsim_tree_find(&r->tree, c->param[2]);
                if (!parent || !recsim_object_is_folder(parent))
                        reply->code = RC_INVALID_PARENT;
        }
        return reply->code == RC_OK;
}

static bool listing_shows(const struct recsim *r, const struct recsim_object *o,
                          const struct recsim_command *c)
{
        uint32_t parent = c->param[2] == RECSIM_ROOT ? 0 : c->param[2];

        if (!recsim_listed(r, o, c->param[0]) || (c->param[1] != 0 && c->param[1] != o->format))
                return false;
        return c->param[2] == 0 || o->listed == parent || o->also == parent;
}

static void put_unknown_handles(struct recsim *r, const struct recsim_command *c, struct recsim_buffer *b,
                                uint32_t *count)
{
        struct recsim_occasion o = {.op = c->op};

        if (!recsim_faults_due(&r->faults, FAULT_UNKNOWN_HANDLES, &o))
                return;
        for (uint32_t i = 0; i < 3; i++)
                recsim_put_u32(b, 0x7FFF0001 + i);
        *count += 3;
}

void recsim_get_object_handles(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        struct recsim_buffer handles = {0};
        uint32_t count = 0;

        if (!listing_valid(r, c, reply))
                return;
        recsim_tree_touch(&r->tree, c->param[2]);
        for (size_t i = 0; i < r->tree.n; i++) {
                if (listing_shows(r, r->tree.objects[i], c)) {
                        recsim_put_u32(&handles, r->tree.objects[i]->handle);
                        count++;
                }
        }
        put_unknown_handles(r, c, &handles, &count);
        reply->has_data = true;
        recsim_put_u32(&reply->dataset, count);
        recsim_put_bytes(&reply->dataset, handles.data, handles.size);
        recsim_buffer_clear(&handles);
}

void recsim_get_num_objects(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        if (!listing_valid(r, c, reply))
                return;
        reply->n_params = 1;
        for (size_t i = 0; i < r->tree.n; i++)
                reply->param[0] += listing_shows(r, r->tree.objects[i], c);
}

static struct recsim_object *object_wanted(struct recsim *r, const struct recsim_command *c,
                                           struct recsim_reply *reply)
{
        struct recsim_object *o = recsim_tree_find(&r->tree, c->param[0]);

        if (!o || r->profile.locked)
                reply->code = RC_INVALID_HANDLE;
        return reply->code == RC_OK ? o : NULL;
}

void recsim_get_object_info(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        struct recsim_object *o = object_wanted(r, c, reply);
        struct recsim_buffer *b = &reply->dataset;
        uint64_t size;
        char date[32];

        if (!o)
                return;
        reply->has_data = true;
        size = recsim_told_size(r, o, c->op, FAULT_INFO_SIZE);
        recsim_put_u32(b, o->storage);
        recsim_put_u16(b, o->format);
        recsim_put_u16(b, o->read_only ? 1 : 0);
        recsim_put_u32(b, size > UINT32_MAX ? UINT32_MAX : (uint32_t)size);
        recsim_put_u16(b, 0);       /* thumbnail format, and its size, width, height */
        for (int i = 0; i < 6; i++) /* … then image width, height, depth */
                recsim_put_u32(b, 0);
        recsim_put_u32(b, o->parent);
        recsim_put_u16(b, recsim_object_is_folder(o) ? 1 : 0);
        recsim_put_u32(b, 0);
        recsim_put_u32(b, 0);
        recsim_put_name(b, o);
        recsim_time_text(o->mtime, date, sizeof(date));
        recsim_put_text(b, date);
        recsim_put_text(b, date);
        recsim_put_text(b, "");
}

static void serve_range(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply,
                        uint64_t offset, uint64_t size)
{
        struct recsim_object *o = object_wanted(r, c, reply);

        if (!o)
                return;
        if (recsim_object_is_folder(o)) {
                reply->code = RC_INVALID_HANDLE;
                return;
        }
        if (offset > o->size) {
                reply->code = RC_INVALID_PARAMETER;
                return;
        }
        reply->has_data = true;
        reply->object = o;
        reply->offset = offset;
        reply->size = MIN(size, o->size - offset);
}

void recsim_get_object(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        serve_range(r, c, reply, 0, UINT64_MAX);
}

void recsim_get_partial(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        serve_range(r, c, reply, c->param[1], c->param[2]);
        reply->param[0] = (uint32_t)reply->size;
        reply->n_params = 1;
}

void recsim_get_partial64(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        serve_range(r, c, reply, c->param[1] | (uint64_t)c->param[2] << 32, c->param[3]);
        reply->param[0] = (uint32_t)reply->size;
        reply->n_params = 1;
}

void recsim_get_thumb(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        if (object_wanted(r, c, reply))
                reply->code = RC_NO_THUMBNAIL;
}

void recsim_delete_object(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        struct recsim_object *o = object_wanted(r, c, reply);
        struct recsim_occasion occasion = {.op = c->op, .path = o ? o->path : NULL};

        if (!o)
                return;
        if (o->read_only) {
                reply->code = RC_WRITE_PROTECTED;
                return;
        }
        if (recsim_faults_due(&r->faults, FAULT_DELETE_LIES, &occasion))
                return;
        if (recsim_tree_remove(&r->tree, o) < 0)
                reply->code = RC_GENERAL_ERROR;
        else
                r->stats.deleted++;
}
