/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside of the simulated recorder: what one operation of MTP leaves behind for its answer. */

#include "recsim_buffer.h"
#include "recsim_codes.h"
#include "recsim.h"

struct recsim_reply {
        uint16_t code;
        uint32_t param[5];
        unsigned int n_params;
        bool has_data;
        struct recsim_buffer dataset;
        struct recsim_object *object; /* its bytes are the data; else the dataset */
        uint64_t offset;
        uint64_t size;
};

typedef void recsim_operation_fn(struct recsim *r, const struct recsim_command *c,
                                 struct recsim_reply *reply);

recsim_operation_fn recsim_get_device_info, recsim_open_session, recsim_close_session, recsim_get_prop_desc,
                recsim_get_prop_value, recsim_set_prop_value;
recsim_operation_fn recsim_get_storage_ids, recsim_get_storage_info, recsim_get_num_objects,
                recsim_get_object_handles, recsim_get_object_info, recsim_get_object, recsim_get_partial,
                recsim_get_partial64, recsim_get_thumb, recsim_delete_object;
recsim_operation_fn recsim_get_props_supported, recsim_get_object_prop_desc, recsim_get_object_prop_value,
                recsim_get_object_prop_list;

/* Operations this recorder offers, by its profile. */
bool recsim_offers(const struct recsim *r, uint16_t op);

/* Size of the object as this operation is to tell it. */
uint64_t recsim_told_size(struct recsim *r, const struct recsim_object *o, uint16_t op,
                          enum recsim_fault_kind kind);
/* "20261123T101500" in local time. */
void recsim_time_text(time_t t, char *ret, size_t room);
void recsim_put_name(struct recsim_buffer *b, const struct recsim_object *o);
bool recsim_listed(const struct recsim *r, const struct recsim_object *o, uint32_t storage);

/* Classifies and answers a command with whatever faults are due. */
void recsim_answer(struct recsim *r, const struct recsim_command *c);
/* Puts containers on the pipe. */
void recsim_reply_send(struct recsim *r, const struct recsim_command *c, struct recsim_reply *reply);
void recsim_send_response(struct recsim *r, const struct recsim_command *c, uint16_t code);

/* What came from the host while the recorder speaks MTP. */
void recsim_mtp_out(struct recsim *r, const uint8_t *data, size_t size);
void recsim_mtp_reset(struct recsim *r);
/* Says that the storages appeared, or disappeared. */
void recsim_mtp_show_storages(struct recsim *r);
/* Adds the objects of a fault that needs some. */
void recsim_mtp_grow(struct recsim *r, enum recsim_fault_kind kind);

/* Figures. */
void recsim_count_command(struct recsim *r, uint16_t op);
void recsim_count_size(struct recsim_size_count *sizes, size_t *n, size_t size);
