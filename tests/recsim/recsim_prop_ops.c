// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Object properties (MTP 1.1, appendix B), one by one and as the bulk property list that spares a host one
 * round trip per file. Its two lies, leaving an object out and naming it wrongly, are those seen in the
 * field.
 */

#include "recsim_operation.h"

#include "base/cleanup.h"

#include <stdio.h>

static const struct {
        uint16_t prop;
        uint16_t type;
} props[] = {
                {PROP_STORAGE, TYPE_U32},   {PROP_FORMAT, TYPE_U16},     {PROP_PROTECTION, TYPE_U16},
                {PROP_SIZE, TYPE_U64},      {PROP_FILE_NAME, TYPE_TEXT}, {PROP_CREATED, TYPE_TEXT},
                {PROP_MODIFIED, TYPE_TEXT}, {PROP_PARENT, TYPE_U32},     {PROP_PERSISTENT_ID, TYPE_U128},
                {PROP_NAME, TYPE_TEXT},
};

static uint16_t prop_type(uint32_t prop)
{
        for (size_t i = 0; i < ELEMENTSOF(props); i++) {
                if (props[i].prop == prop)
                        return props[i].type;
        }
        return 0;
}

static void put_date(struct recsim_buffer *b, const struct recsim_object *o)
{
        char date[32];

        recsim_time_text(o->mtime, date, sizeof(date));
        recsim_put_text(b, date);
}

static void put_prop(struct recsim *r, const struct recsim_object *o, uint16_t op, uint32_t prop,
                     struct recsim_buffer *b)
{
        switch (prop) {
        case PROP_STORAGE:
                recsim_put_u32(b, o->storage);
                break;
        case PROP_FORMAT:
                recsim_put_u16(b, o->format);
                break;
        case PROP_PROTECTION:
                recsim_put_u16(b, o->read_only ? 1 : 0);
                break;
        case PROP_SIZE:
                recsim_put_u64(b, recsim_told_size(r, o, op, FAULT_LIST_SIZE));
                break;
        case PROP_CREATED:
        case PROP_MODIFIED:
                put_date(b, o);
                break;
        case PROP_PARENT:
                recsim_put_u32(b, o->parent);
                break;
        case PROP_PERSISTENT_ID:
                recsim_put_u64(b, o->handle);
                recsim_put_u64(b, 0);
                break;
        default:
                recsim_put_name(b, o);
        }
}

void recsim_get_props_supported(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        uint16_t codes[ELEMENTSOF(props)];

        (void)r;
        (void)c;
        for (size_t i = 0; i < ELEMENTSOF(props); i++)
                codes[i] = props[i].prop;
        reply->has_data = true;
        recsim_put_u16_array(&reply->dataset, codes, ELEMENTSOF(codes));
}

static void put_default(struct recsim_buffer *b, uint16_t type)
{
        switch (type) {
        case TYPE_U16:
                recsim_put_u16(b, 0);
                break;
        case TYPE_U32:
                recsim_put_u32(b, 0);
                break;
        case TYPE_U128:
                recsim_put_u64(b, 0);
                recsim_put_u64(b, 0);
                break;
        case TYPE_U64:
                recsim_put_u64(b, 0);
                break;
        default:
                recsim_put_u8(b, 0);
        }
}

void recsim_get_object_prop_desc(struct recsim *r, const struct recsim_command *c,
                                 struct recsim_reply *reply)
{
        struct recsim_buffer *b = &reply->dataset;
        uint16_t type = prop_type(c->param[0]);

        (void)r;
        if (type == 0) {
                reply->code = RC_OBJECT_PROP_NOT_SUPPORTED;
                return;
        }
        reply->has_data = true;
        recsim_put_u16(b, (uint16_t)c->param[0]);
        recsim_put_u16(b, type);
        recsim_put_u8(b, 0); /* read only */
        put_default(b, type);
        recsim_put_u32(b, 0); /* group */
        recsim_put_u8(b, 0);  /* no form */
}

void recsim_get_object_prop_value(struct recsim *r, const struct recsim_command *c,
                                  struct recsim_reply *reply)
{
        const struct recsim_object *o = recsim_tree_find(&r->tree, c->param[0]);

        if (!o || r->profile.locked) {
                reply->code = RC_INVALID_HANDLE;
        } else if (prop_type(c->param[1]) == 0) {
                reply->code = RC_OBJECT_PROP_NOT_SUPPORTED;
        } else {
                reply->has_data = true;
                put_prop(r, o, c->op, c->param[1], &reply->dataset);
        }
}

/* One object's share of the property list. */
static uint32_t put_element(struct recsim *r, const struct recsim_object *o, const struct recsim_command *c,
                            struct recsim_buffer *b)
{
        struct recsim_occasion occasion = {.op = c->op, .path = o->path};
        const struct recsim_object *shown = o;
        uint32_t n = 0;

        if (recsim_faults_due(&r->faults, FAULT_LIST_OMITS, &occasion))
                return 0;
        /* The lie: everything but the handle belongs to another object. */
        if (recsim_faults_due(&r->faults, FAULT_LIST_LIES, &occasion))
                shown = r->tree.objects[o->handle % r->tree.n];
        for (size_t i = 0; i < ELEMENTSOF(props); i++) {
                if (c->param[2] != RECSIM_ALL && c->param[2] != props[i].prop)
                        continue;
                recsim_put_u32(b, o->handle);
                recsim_put_u16(b, props[i].prop);
                recsim_put_u16(b, props[i].type);
                put_prop(r, shown, c->op, props[i].prop, b);
                n++;
        }
        return n;
}

/* True when the object lies at or below 'handle' within the depth asked for. Bounded: trees may be cyclic.
 */
static bool within(const struct recsim *r, const struct recsim_object *o, uint32_t handle, uint32_t depth)
{
        uint32_t steps = 0;

        if (handle == RECSIM_ALL || (handle == 0 && depth == RECSIM_ALL))
                return true;
        if (handle == o->handle)
                return depth == 0;
        for (; o && steps < 64; steps++) {
                if (o->listed == handle)
                        return depth == RECSIM_ALL || steps < depth;
                o = recsim_tree_find(&r->tree, o->listed);
        }
        return false;
}

static uint16_t prop_list_refusal(const struct recsim *r, const struct recsim_command *c)
{
        if (c->param[0] != 0 && c->param[0] != RECSIM_ALL && !recsim_tree_find(&r->tree, c->param[0]))
                return RC_INVALID_HANDLE;
        if (c->param[2] == 0)
                return RC_GROUP_UNSUPPORTED;
        if (c->param[2] != RECSIM_ALL && prop_type(c->param[2]) == 0)
                return RC_OBJECT_PROP_NOT_SUPPORTED;
        if (c->param[4] > 1 && c->param[4] != RECSIM_ALL)
                return RC_DEPTH_UNSUPPORTED;
        return r->profile.locked ? RC_STORE_NOT_AVAILABLE : RC_OK;
}

void recsim_get_object_prop_list(struct recsim *r, const struct recsim_command *c,
                                 struct recsim_reply *reply)
{
        struct recsim_buffer elements = {0};
        uint32_t n = 0;

        reply->code = prop_list_refusal(r, c);
        if (reply->code != RC_OK)
                return;
        if (c->param[4] > 0)
                recsim_tree_touch(&r->tree, c->param[0]);
        for (size_t i = 0; i < r->tree.n; i++) {
                const struct recsim_object *o = r->tree.objects[i];

                if (recsim_listed(r, o, RECSIM_ALL) && (c->param[1] == 0 || c->param[1] == o->format) &&
                    within(r, o, c->param[0], c->param[4]))
                        n += put_element(r, o, c, &elements);
        }
        reply->has_data = true;
        recsim_put_u32(&reply->dataset, n);
        recsim_put_bytes(&reply->dataset, elements.data, elements.size);
        recsim_buffer_clear(&elements);
}
