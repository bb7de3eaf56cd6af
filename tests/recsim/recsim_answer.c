// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From a command to the bytes of its answer. This is where the faults of a transaction strike: before the
 * operation (busy, refused, silent …), in the data it sends (stall at byte N, short, babble, corrupt …), and
 * in the response.
 */

#include "recsim_operation.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

struct operation {
        recsim_operation_fn *run;
        unsigned int params; /* at least */
        uint16_t op;
        bool sessionless;
};

static const struct operation operations[] = {
                {recsim_get_device_info, 0, OP_GET_DEVICE_INFO, true},
                {recsim_open_session, 1, OP_OPEN_SESSION, true},
                {recsim_close_session, 0, OP_CLOSE_SESSION, false},
                {recsim_get_storage_ids, 0, OP_GET_STORAGE_IDS, false},
                {recsim_get_storage_info, 1, OP_GET_STORAGE_INFO, false},
                {recsim_get_num_objects, 1, OP_GET_NUM_OBJECTS, false},
                {recsim_get_object_handles, 1, OP_GET_OBJECT_HANDLES, false},
                {recsim_get_object_info, 1, OP_GET_OBJECT_INFO, false},
                {recsim_get_object, 1, OP_GET_OBJECT, false},
                {recsim_get_thumb, 1, OP_GET_THUMB, false},
                {recsim_delete_object, 1, OP_DELETE_OBJECT, false},
                {recsim_get_prop_desc, 1, OP_GET_DEVICE_PROP_DESC, false},
                {recsim_get_prop_value, 1, OP_GET_DEVICE_PROP_VALUE, false},
                {recsim_set_prop_value, 1, OP_SET_DEVICE_PROP_VALUE, false},
                {recsim_get_partial, 3, OP_GET_PARTIAL_OBJECT, false},
                {recsim_get_props_supported, 1, OP_GET_OBJECT_PROPS_SUPPORTED, false},
                {recsim_get_object_prop_desc, 2, OP_GET_OBJECT_PROP_DESC, false},
                {recsim_get_object_prop_value, 2, OP_GET_OBJECT_PROP_VALUE, false},
                {recsim_get_object_prop_list, 5, OP_GET_OBJECT_PROP_LIST, false},
                {recsim_get_partial64, 4, OP_GET_PARTIAL_OBJECT_64, false},
};

static const struct operation *operation_find(uint16_t op)
{
        for (size_t i = 0; i < ELEMENTSOF(operations); i++) {
                if (operations[i].op == op)
                        return &operations[i];
        }
        return NULL;
}

bool recsim_offers(const struct recsim *r, uint16_t op)
{
        if (op == OP_GET_OBJECT_PROP_LIST)
                return r->profile.proplist;
        if (op == OP_GET_PARTIAL_OBJECT_64)
                return r->profile.partial64;
        if (op == OP_GET_PARTIAL_OBJECT)
                return r->profile.partial;
        return operation_find(op) != NULL;
}

static void put_header(struct recsim_buffer *b, uint64_t payload, uint16_t type, uint16_t code,
                       uint32_t transaction)
{
        uint64_t length = payload + RECSIM_HEADER;

        /* MTP 1.1, appendix H.1: what does not fit is announced as 0xFFFFFFFF. */
        recsim_put_u32(b, length > UINT32_MAX ? UINT32_MAX : (uint32_t)length);
        recsim_put_u16(b, type);
        recsim_put_u16(b, code);
        recsim_put_u32(b, transaction);
}

static struct recsim_transfer *memory_transfer(struct recsim_buffer *b)
{
        struct recsim_transfer *t = recsim_transfer_new();

        t->head = b->data;
        t->head_size = b->size;
        *b = (struct recsim_buffer){0};
        return t;
}

static struct recsim_transfer *response_transfer(const struct recsim_command *c, uint16_t code,
                                                 const uint32_t *param, unsigned int n, uint32_t transaction)
{
        struct recsim_buffer b = {0};

        (void)c;
        put_header(&b, 4ULL * n, RECSIM_RESPONSE, code, transaction);
        for (unsigned int i = 0; i < n; i++)
                recsim_put_u32(&b, param[i]);
        return memory_transfer(&b);
}

void recsim_send_response(struct recsim *r, const struct recsim_command *c, uint16_t code)
{
        recsim_pipe_add(&r->pipe, response_transfer(c, code, NULL, 0, c->transaction));
}

/* Where in the data of this reply things go wrong. Positions are bytes of the object or dataset. */
struct damage {
        const struct recsim_fault *cut;
        enum recsim_cut kind;
        uint64_t at;
        uint64_t flips[RECSIM_FLIPS_MAX];
        size_t n_flips;
        uint64_t surplus;
        uint64_t end; /* the data end here */
        bool endless;
        uint64_t announced; /* payload bytes, in the header */
};

static void damage_cut(struct recsim *r, const struct recsim_occasion *o, struct damage *d)
{
        static const struct {
                enum recsim_fault_kind fault;
                enum recsim_cut cut;
        } cuts[] = {{FAULT_STALL, CUT_STALL}, {FAULT_SILENCE, CUT_SILENCE}, {FAULT_VANISH, CUT_VANISH}};

        for (size_t i = 0; i < ELEMENTSOF(cuts); i++) {
                const struct recsim_fault *f = recsim_faults_due(&r->faults, cuts[i].fault, o);

                if (f && (d->kind == CUT_NONE || (uint64_t)f->at < d->at)) {
                        d->kind = cuts[i].cut;
                        d->at = (uint64_t)f->at;
                }
        }
}

static void damage_find(struct recsim *r, const struct recsim_occasion *o, struct damage *d)
{
        const struct recsim_fault *f;

        *d = (struct damage){.end = o->to, .announced = o->to - o->from};
        damage_cut(r, o, d);
        while (d->n_flips < RECSIM_FLIPS_MAX && (f = recsim_faults_due(&r->faults, FAULT_CORRUPT, o))) {
                d->flips[d->n_flips++] = f->at < 0 ? o->from : (uint64_t)f->at;
                if (f->times < 0)
                        break;
        }
        f = recsim_faults_due(&r->faults, FAULT_SHORT, o);
        if (f)
                d->end = f->at < 0 ? o->from : (uint64_t)f->at;
        f = recsim_faults_due(&r->faults, FAULT_BABBLE, o);
        if (f)
                d->surplus = f->has_value ? f->value : 4096;
        f = recsim_faults_due(&r->faults, FAULT_ENDLESS_DATA, o);
        d->endless = f != NULL;
        if (f && f->has_value)
                d->announced = f->value;
}

static void damage_apply(struct recsim_transfer *t, const struct damage *d, uint64_t from, size_t header)
{
        t->cut = d->kind;
        t->cut_at = header + (d->at - from);
        for (size_t i = 0; i < d->n_flips; i++)
                t->flips[t->n_flips++] = header + (d->flips[i] - from);
        t->endless = d->endless;
        t->body_size += d->surplus;
        if (t->body == BODY_NONE && (d->surplus > 0 || d->endless))
                t->body = BODY_PATTERN;
}

/* The payload without its header: an object's bytes stay in the file until they are read. */
static void payload_attach(struct recsim *r, struct recsim_transfer *t, struct recsim_reply *reply,
                           const struct damage *d, uint64_t from)
{
        if (reply->object) {
                struct recsim_object *o = reply->object;

                t->fd = recsim_object_open(&r->tree, o);
                t->body = o->synthetic ? BODY_PATTERN : BODY_FILE;
                t->handle = o->handle;
                t->offset = reply->offset;
                t->served = &o->served;
                t->body_size = d->end - from;
        } else {
                struct recsim_buffer b = {.data = t->head, .size = t->head_size, .room = t->head_size};

                recsim_put_bytes(&b, reply->dataset.data, (size_t)(d->end - from));
                t->head = b.data;
                t->head_size = b.size;
        }
}

static void send_data(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply,
                      uint32_t transaction)
{
        uint64_t size = reply->object ? reply->size : reply->dataset.size;
        struct recsim_occasion o = {
                        .op = c->op,
                        .path = reply->object ? reply->object->path : NULL,
                        .from = reply->offset,
                        .to = reply->offset + size,
        };
        struct recsim_buffer header = {0};
        struct recsim_transfer *t;
        struct damage d;
        size_t prefix = RECSIM_HEADER;

        damage_find(r, &o, &d);
        put_header(&header, d.announced, RECSIM_DATA, c->op, transaction);
        t = memory_transfer(&header);
        if (r->profile.split) {
                recsim_pipe_add(&r->pipe, t);
                if (size == 0)
                        return;
                t = recsim_transfer_new();
                prefix = 0;
        }
        payload_attach(r, t, reply, &d, o.from);
        damage_apply(t, &d, o.from, prefix);
        recsim_pipe_add(&r->pipe, t);
}

static void send_stale(struct recsim *r, const struct recsim_command *c, const struct recsim_fault *f)
{
        uint32_t old = c->transaction > 1 ? c->transaction - 1 : 1;

        for (uint64_t i = 0; i < MAX(f->value, 1); i++) {
                struct recsim_transfer *t = response_transfer(c, RC_OK, NULL, 0, old);

                t->repeat = f->value == 0;
                recsim_pipe_add(&r->pipe, t);
        }
}

void recsim_reply_send(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply)
{
        struct recsim_occasion o = {.op = c->op, .path = reply->object ? reply->object->path : NULL};
        const struct recsim_fault *f = recsim_faults_due(&r->faults, FAULT_STALE, &o);
        uint32_t transaction = c->transaction;
        int64_t delay = 0;

        if (f)
                send_stale(r, c, f);
        if (recsim_faults_due(&r->faults, FAULT_TRANSACTION, &o))
                transaction += 1000;
        f = recsim_faults_due(&r->faults, FAULT_DELAY, &o);
        if (f)
                delay = recsim_now() + (int64_t)f->value * 1000;
        if (reply->has_data && reply->code == RC_OK)
                send_data(r, c, reply, transaction);
        recsim_pipe_add(&r->pipe,
                        response_transfer(c, reply->code, reply->param, reply->n_params, transaction));
        if (delay > 0)
                r->pipe.first->not_before = delay;
        recsim_buffer_clear(&reply->dataset);
}

static void send_garbage(struct recsim *r)
{
        struct recsim_buffer b = {0};

        recsim_put_u32(&b, 0xDEADBEEF);
        for (unsigned int i = 0; i < 40; i++)
                recsim_put_u8(&b, (uint8_t)(0xA5 ^ i * 29));
        recsim_pipe_add(&r->pipe, memory_transfer(&b));
}

/* Faults that strike in place of the operation. True when one did. */
static bool answer_fault(struct recsim *r, const struct recsim_command *c)
{
        const struct recsim_object *object = recsim_tree_find(&r->tree, c->n_params ? c->param[0] : 0);
        struct recsim_occasion o = {.op = c->op, .path = object ? object->path : NULL};
        const struct recsim_fault *f;

        if (recsim_faults_due(&r->faults, FAULT_VANISH, &o))
                r->gone = true;
        else if (recsim_faults_due(&r->faults, FAULT_STALL, &o))
                r->pipe.halted = r->out_halted = true;
        else if (recsim_faults_due(&r->faults, FAULT_SILENCE, &o))
                r->muted = true;
        else if (recsim_faults_due(&r->faults, FAULT_GARBAGE, &o))
                send_garbage(r);
        else if (recsim_faults_due(&r->faults, FAULT_BUSY, &o))
                recsim_send_response(r, c, RC_DEVICE_BUSY);
        else if ((f = recsim_faults_due(&r->faults, FAULT_REFUSE, &o)))
                recsim_send_response(r, c, f->has_value ? (uint16_t)f->value : RC_ACCESS_DENIED);
        else
                return false;
        return true;
}

void recsim_answer(struct recsim *r, const struct recsim_command *c)
{
        const struct operation *operation = operation_find(c->op);
        struct recsim_reply reply = {.code = RC_OK};

        if (answer_fault(r, c))
                return;
        if (!operation || !recsim_offers(r, c->op))
                reply.code = RC_OPERATION_NOT_SUPPORTED;
        else if (!operation->sessionless && r->session == 0)
                reply.code = RC_SESSION_NOT_OPEN;
        else if (c->n_params < operation->params)
                reply.code = RC_PARAMETER_NOT_SUPPORTED;
        else
                operation->run(r, c, &reply);
        recsim_reply_send(r, c, &reply);
}
