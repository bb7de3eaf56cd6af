// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The figures of a simulated recorder as one JSON object: what a test asserts ("a second docking reads no
 * data", "a resume reads less than a twentieth again") and what a bench prints.
 */

#include "recsim_buffer.h"
#include "recsim_ums.h"

#include <json-c/json.h>
#include <stdio.h>

static void add_number(struct json_object *o, const char *key, uint64_t v)
{
        json_object_object_add(o, key, json_object_new_int64((int64_t)v));
}

static struct json_object *operations_json(const struct recsim *r)
{
        const struct recsim_stats *s = &r->stats;
        struct json_object *o = json_object_new_object();

        for (size_t i = 0; i < s->n_ops; i++) {
                char key[8];

                (void)snprintf(key, sizeof(key), r->ums ? "0x%02x" : "0x%04x", s->ops[i].op);
                add_number(o, key, s->ops[i].n);
        }
        return o;
}

static struct json_object *sizes_json(const struct recsim_stats *s)
{
        struct json_object *o = json_object_new_object();

        for (size_t i = 0; i < s->n_sizes; i++) {
                char key[24];

                (void)snprintf(key, sizeof(key), "%zu", s->sizes[i].size);
                add_number(o, key, s->sizes[i].n);
        }
        return o;
}

static struct json_object *objects_json(const struct recsim_tree *t)
{
        struct json_object *o = json_object_new_object();

        for (size_t i = 0; i < t->n; i++) {
                if (t->objects[i]->served > 0)
                        add_number(o, t->objects[i]->path, t->objects[i]->served);
        }
        return o;
}

static struct json_object *faults_json(const struct recsim_faults *f)
{
        struct json_object *o = json_object_new_object();

        for (int i = 0; i < _FAULT_MAX; i++) {
                if (f->fired[i] > 0)
                        add_number(o, recsim_fault_name((enum recsim_fault_kind)i), f->fired[i]);
        }
        return o;
}

static uint64_t bytes_served(const struct recsim_tree *t)
{
        uint64_t n = 0;

        for (size_t i = 0; i < t->n; i++)
                n += t->objects[i]->served;
        return n;
}

static void add_mtp(struct json_object *o, const struct recsim *r)
{
        const struct recsim_stats *s = &r->stats;

        add_number(o, "object_bytes", bytes_served(&r->tree));
        json_object_object_add(o, "objects", objects_json(&r->tree));
        add_number(o, "sessions", s->sessions);
        add_number(o, "deleted", s->deleted);
        add_number(o, "clock_sets", s->clock_sets);
        add_number(o, "cancels", s->cancels);
        json_object_object_add(o, "clock", json_object_new_int64(r->profile.clock_offset));
}

char *recsim_stats_json(struct recsim *r)
{
        struct json_object *o = json_object_new_object();
        const struct recsim_stats *s = &r->stats;
        char *text;

        add_number(o, "commands", s->commands);
        json_object_object_add(o, "ops", operations_json(r));
        add_number(o, "bulk_in", s->bulk_in);
        add_number(o, "bulk_out", s->bulk_out);
        add_number(o, "bytes_in", s->bytes_in);
        add_number(o, "bytes_out", s->bytes_out);
        add_number(o, "in_flight_max", s->in_flight_max);
        add_number(o, "queued_max", s->queued_max);
        json_object_object_add(o, "read_sizes", sizes_json(s));
        json_object_object_add(o, "faults", faults_json(&r->faults));
        add_number(o, "clear_halts", s->clear_halts);
        add_number(o, "resets", s->resets);
        add_number(o, "class_resets", s->class_resets);
        add_number(o, "driver_detached", s->driver_detached);
        add_number(o, "driver_attached", s->driver_attached);
        if (r->ums)
                recsim_ums_stats(r, o);
        else
                add_mtp(o, r);
        json_object_object_add(o, "gone", json_object_new_boolean(r->gone));
        text = recsim_copy(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
        json_object_put(o);
        return text;
}
