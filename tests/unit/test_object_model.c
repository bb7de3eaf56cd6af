// SPDX-License-Identifier: LGPL-2.1-or-later
/* The answers of the responder, dataset by dataset; see test_object_model.h. */
#include "test_object_model.h"

#include "recorder/mtp/ptp_wire.h"

#include <check.h>
#include <stdio.h>

struct object_model model;
struct sim sim;
struct recorder *recorder;
struct quirks quirks;

static void put16(struct bytes *b, uint16_t v)
{
        wire_put16(b->p + b->n, v);
        b->n += 2;
}

static void put32(struct bytes *b, uint32_t v)
{
        wire_put32(b->p + b->n, v);
        b->n += 4;
}

static void put64(struct bytes *b, uint64_t v)
{
        put32(b, (uint32_t)v);
        put32(b, (uint32_t)(v >> 32));
}

static void put_text(struct bytes *b, const char *text)
{
        size_t n = text && text[0] ? ptp_string_encode(text, b->p + b->n) : 0;

        if (n == 0)
                b->p[b->n++] = 0;
        b->n += n;
}

static void put_name(struct bytes *b, const struct model_object *o)
{
        size_t n = 0;

        if (!o->units) {
                put_text(b, o->name);
                return;
        }
        while (o->units[n])
                n++;
        b->p[b->n++] = (uint8_t)(n + 1);
        for (size_t i = 0; i <= n; i++)
                put16(b, o->units[i]);
}

struct model_object *object_add(uint32_t handle, uint32_t parent, uint16_t format, const char *name,
                                uint64_t size)
{
        struct model_object *o = &model.objects[model.n++];

        ck_assert_uint_lt(model.n, ELEMENTSOF(model.objects));
        *o = (struct model_object){.handle = handle,
                                   .parent = parent,
                                   .format = format,
                                   .name = name,
                                   .size = size,
                                   .modified = "20261101T080000"};
        return o;
}

struct model_object *object_find(uint32_t handle)
{
        for (size_t i = 0; i < model.n; i++)
                if (model.objects[i].handle == handle && !model.objects[i].removed)
                        return &model.objects[i];
        return NULL;
}

static void put_device_info(struct bytes *b)
{
        put16(b, 100);
        put32(b, 6);
        put16(b, 100);
        put_text(b, "microsoft.com: 1.0; android.com: 1.0;");
        put16(b, 0);
        put32(b, (uint32_t)model.n_operations);
        for (size_t i = 0; i < model.n_operations; i++)
                put16(b, model.operations[i]);
        put32(b, 0);
        put32(b, 2);
        put16(b, PTP_PROP_BATTERY_LEVEL);
        put16(b, PTP_PROP_DATE_TIME);
        put32(b, 0);
        put32(b, 0);
        put_text(b, "Maker");
        put_text(b, "DSJ-9");
        put_text(b, "V1.2");
        put_text(b, "SN0001");
}

static void put_object_info(struct bytes *b, const struct model_object *o)
{
        put32(b, STORAGE);
        put16(b, o->format);
        put16(b, o->protection);
        put32(b, o->size >= UINT32_MAX ? UINT32_MAX : (uint32_t)o->size);
        memset(b->p + b->n, 0, 26);
        b->n += 26;
        put32(b, o->parent);
        put16(b, 0);
        put64(b, 0);
        put_name(b, o);
        put_text(b, "20200101T000000");
        put_text(b, o->modified);
        put_text(b, "");
}

static bool in_folder(const struct model_object *o, uint32_t parent)
{
        if (o->removed)
                return false;
        if (parent == PTP_HANDLE_ALL)
                return true;
        return !o->unlinked && o->parent == (parent == PTP_HANDLE_ROOT ? 0 : parent);
}

static void put_handles(struct bytes *b, uint32_t parent)
{
        uint32_t n = 0;

        model.flats += parent == PTP_HANDLE_ALL;
        put32(b, 0);
        for (size_t i = 0; i < model.n; i++)
                if (in_folder(&model.objects[i], parent)) {
                        put32(b, model.objects[i].handle);
                        n++;
                }
        wire_put32(b->p, n);
}

static void put_element(struct bytes *b, uint32_t handle, uint16_t property, uint16_t type)
{
        put32(b, handle);
        put16(b, property);
        put16(b, type);
}

static void put_proplist(struct bytes *b, uint32_t parent)
{
        uint32_t n = 0;

        model.proplists++;
        put32(b, 0);
        for (size_t i = 0; i < model.n; i++) {
                const struct model_object *own = &model.objects[i];
                const struct model_object *o = own->list_shows ? object_find(own->list_shows) : own;

                if (!in_folder(own, parent) || own->list_omits)
                        continue;
                if (model.list_strangers) {
                        put_element(b, o->handle + 5000, MTP_OBJECT_FORMAT, PTP_UINT16);
                        put16(b, o->format);
                        n++;
                }
                put_element(b, own->handle, MTP_OBJECT_FORMAT, PTP_UINT16);
                put16(b, o->format);
                put_element(b, own->handle, MTP_PROTECTION_STATUS, PTP_UINT16);
                put16(b, o->protection);
                put_element(b, own->handle, MTP_OBJECT_SIZE, PTP_UINT64);
                put64(b, o->size + model.list_strangers); /* and wrong in what is its own */
                put_element(b, own->handle, 0xdc41, PTP_UINT128);
                put64(b, 1);
                put64(b, 2);
                put_element(b, own->handle, 0xdcff, PTP_ARRAY | PTP_UINT8);
                put32(b, 3);
                memcpy(b->p + b->n, "abc", 3);
                b->n += 3;
                put_element(b, own->handle, MTP_OBJECT_FILE_NAME, PTP_STRING);
                put_name(b, o);
                put_element(b, own->handle, MTP_DATE_MODIFIED, PTP_STRING);
                put_text(b, o->modified);
                put_element(b, own->handle, MTP_PARENT_OBJECT, PTP_UINT32);
                put32(b, o->parent);
                n += 8;
        }
        wire_put32(b->p, n);
}

static void put_prop_desc(struct bytes *b, uint32_t property)
{
        put16(b, (uint16_t)property);
        put16(b, PTP_UINT8);
        b->p[b->n++] = 0;
        b->p[b->n++] = 0;
        b->p[b->n++] = 50;
        b->p[b->n++] = 1;
        b->p[b->n++] = 0;
        b->p[b->n++] = (uint8_t)model.battery_most;
        b->p[b->n++] = 1;
}

static void object_send(struct sim *s, const struct ptp_container *c, const struct model_object *o,
                        uint64_t from, uint64_t size)
{
        struct bytes *b = calloc(1, sizeof(*b));

        ck_assert_ptr_nonnull(b);
        ck_assert_uint_le(size, sizeof(b->p));
        for (uint64_t i = 0; i < size; i++)
                b->p[i] = (uint8_t)((from + i) * 7 + o->handle);
        if (model.stall_after && size > model.stall_after) {
                uint8_t head[PTP_HEADER_SIZE];

                wire_put32(head, (uint32_t)(size + PTP_HEADER_SIZE));
                wire_put16(head + 4, PTP_DATA);
                wire_put16(head + 6, c->header.code);
                wire_put32(head + 8, c->header.transaction);
                sim_send(s, head, sizeof(head), false);
                sim_send(s, b->p, model.stall_after / SIM_PACKET * SIM_PACKET, false);
                sim_send_fail(s, USB_STALL);
                model.stall_after = 0;
        } else {
                sim_data(s, c, b->p, (size_t)size);
                sim_respond(s, c, PTP_OK);
        }
        free(b);
}

static void object_answer(struct sim *s, const struct ptp_container *c)
{
        struct model_object *o = object_find(c->params[0]);
        uint64_t at = c->params[1], most;

        if (!o) {
                sim_respond(s, c, PTP_INVALID_OBJECT_HANDLE);
                return;
        }
        switch (c->header.code) {
        case PTP_GET_OBJECT:
                object_send(s, c, o, 0, o->size - model.transfer_size_bias);
                break;
        case PTP_GET_PARTIAL_OBJECT:
                most = c->params[2];
                object_send(s, c, o, at, MIN(most, o->size - MIN(at, o->size)));
                break;
        case ANDROID_GET_PARTIAL_OBJECT_64:
                at |= (uint64_t)c->params[2] << 32;
                most = c->params[3];
                object_send(s, c, o, at, MIN(most, o->size - MIN(at, o->size)));
                break;
        case PTP_DELETE_OBJECT:
                o->removed = !o->sticky;
                sim_respond(s, c, PTP_OK);
                break;
        default:
                sim_respond(s, c, PTP_OPERATION_NOT_SUPPORTED);
        }
}

static bool dataset_answer(struct bytes *b, const struct ptp_container *c)
{
        struct model_object *o = object_find(c->params[0]);

        switch (c->header.code) {
        case PTP_GET_DEVICE_INFO:
                put_device_info(b);
                return true;
        case PTP_GET_STORAGE_IDS:
                put32(b, model.n_storages);
                for (unsigned int i = 0; i < model.n_storages; i++)
                        put32(b, STORAGE);
                return true;
        case PTP_GET_STORAGE_INFO:
                put16(b, 4);
                put16(b, 2);
                put16(b, 0);
                put64(b, 64000000000);
                put64(b, 1000);
                put32(b, UINT32_MAX);
                put_text(b, "SD/card");
                put_text(b, "");
                return true;
        case PTP_GET_OBJECT_HANDLES:
                put_handles(b, c->params[2]);
                return true;
        case PTP_GET_OBJECT_INFO:
                model.infos++;
                if (o)
                        put_object_info(b, o);
                return o != NULL;
        case MTP_GET_OBJECT_PROP_LIST:
                put_proplist(b, c->params[0]);
                return true;
        case MTP_GET_OBJECT_PROP_VALUE:
                if (o)
                        put64(b, o->size);
                return o != NULL;
        case PTP_GET_DEVICE_PROP_DESC:
                put_prop_desc(b, c->params[0]);
                return true;
        case PTP_GET_DEVICE_PROP_VALUE:
                put_text(b, model.clock);
                return true;
        default:
                return false;
        }
}

static void answer(struct sim *s, const struct ptp_container *c, const uint8_t *data, size_t size)
{
        struct bytes *b = calloc(1, sizeof(*b));
        size_t used;

        ck_assert_ptr_nonnull(b);
        if (c->header.code == PTP_OPEN_SESSION || c->header.code == PTP_CLOSE_SESSION) {
                sim_respond(s, c, PTP_OK);
        } else if (c->header.code == PTP_SET_DEVICE_PROP_VALUE) {
                ck_assert(ptp_string_parse(data, size, model.clock, sizeof(model.clock), &used));
                sim_respond(s, c, PTP_OK);
        } else if (dataset_answer(b, c)) {
                sim_data(s, c, b->p, b->n);
                sim_respond(s, c, PTP_OK);
        } else if (c->header.code == PTP_GET_OBJECT_INFO) {
                sim_respond(s, c, PTP_INVALID_OBJECT_HANDLE);
        } else {
                object_answer(s, c);
        }
        free(b);
}

static void operation_add(uint16_t code)
{
        model.operations[model.n_operations++] = code;
}

void operation_drop(uint16_t code)
{
        for (size_t i = 0; i < model.n_operations; i++)
                if (model.operations[i] == code)
                        model.operations[i] = 0x1fff;
}

void open_recorder(unsigned int objects)
{
        struct recorder_open how = {.limits = {.objects = objects}};

        ck_assert_int_eq(mtp_recorder_new(&recorder, &sim.transport, &how, &quirks), 0);
}

void object_model_setup(void)
{
        static const uint16_t operations[] = {
                        PTP_GET_OBJECT_HANDLES,   PTP_GET_OBJECT_INFO,           PTP_GET_OBJECT,
                        PTP_DELETE_OBJECT,        PTP_GET_DEVICE_PROP_DESC,      PTP_GET_DEVICE_PROP_VALUE,
                        PTP_GET_PARTIAL_OBJECT,   PTP_SET_DEVICE_PROP_VALUE,     MTP_GET_OBJECT_PROP_VALUE,
                        MTP_GET_OBJECT_PROP_LIST, ANDROID_GET_PARTIAL_OBJECT_64,
        };

        memset(&model, 0, sizeof(model));
        model.n_storages = 1;
        model.battery_most = 100;
        memcpy(model.clock, "20261101T080000", 16);
        for (size_t i = 0; i < ELEMENTSOF(operations); i++)
                operation_add(operations[i]);
        quirks = QUIRKS_NONE;
        sim_init(&sim);
        sim.on_command = answer;
        recorder = NULL;
}

void object_model_teardown(void)
{
        recorder_free(recorder);
        sim_done(&sim);
}
