// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The account of a disk: what was read of which unit and how often, and every command that could have
 * changed the evidence.
 */

#include "recsim_operation.h"
#include "recsim_ums.h"

#include "base/cleanup.h"

#include <json-c/json.h>
#include <stdio.h>

/* SBC-3 and SPC-4: what writes, erases, formats, stops or configures. Data to the device counts as well. */
static const uint8_t altering[] = {
                0x04, /* FORMAT UNIT */
                0x0A, /* WRITE (6) */
                0x15, /* MODE SELECT (6) */
                0x1B, /* START STOP UNIT */
                0x2A, /* WRITE (10) */
                0x2E, /* WRITE AND VERIFY (10) */
                0x3B, /* WRITE BUFFER */
                0x3F, /* WRITE LONG (10) */
                0x41, /* WRITE SAME (10) */
                0x42, /* UNMAP */
                0x48, /* SANITIZE */
                0x4C, /* LOG SELECT */
                0x55, /* MODE SELECT (10) */
                0x5F, /* PERSISTENT RESERVE OUT */
                0x89, /* COMPARE AND WRITE */
                0x8A, /* WRITE (16) */
                0x8E, /* WRITE AND VERIFY (16) */
                0x93, /* WRITE SAME (16) */
                0x9C, /* WRITE ATOMIC (16) */
                0xAA, /* WRITE (12) */
                0xAE, /* WRITE AND VERIFY (12) */
                0xB5, /* SECURITY PROTOCOL OUT */
};

static bool is_violation(const struct ums_command *c)
{
        for (size_t i = 0; i < ELEMENTSOF(altering); i++) {
                if (altering[i] == c->cdb[0])
                        return true;
        }
        return c->size > 0 && !c->in;
}

void recsim_ums_count(struct recsim *r)
{
        struct recsim_ums *u = r->ums;
        uint8_t op = u->command.cdb[0];
        size_t i = 0;

        recsim_count_command(r, op);
        if (!is_violation(&u->command))
                return;
        while (i < u->n_violations && u->violations[i].op != op)
                i++;
        if (i == RECSIM_OPS_MAX)
                return;
        if (i == u->n_violations)
                u->violations[u->n_violations++].op = op;
        u->violations[i].n++;
}

void recsim_ums_settle(struct recsim *r)
{
        struct recsim_ums *u = r->ums;
        struct recsim_medium *m = &recsim_ums_unit(r)->medium;

        if (u->reply.medium)
                recsim_medium_note(m, u->reply.lba, MIN(m->bytes - u->given, u->reply.size) / m->sector);
}

static void add_number(struct json_object *o, const char *key, uint64_t v)
{
        json_object_object_add(o, key, json_object_new_int64((int64_t)v));
}

static struct json_object *unit_json(const struct recsim_medium *m, uint64_t *ret_again)
{
        struct json_object *o = json_object_new_object();
        uint64_t covered = recsim_medium_covered(m) * m->sector;

        *ret_again = m->bytes > covered ? m->bytes - covered : 0;
        add_number(o, "bytes", m->bytes);
        add_number(o, "bytes_again", *ret_again);
        add_number(o, "written", m->written);
        return o;
}

void recsim_ums_stats(struct recsim *r, struct json_object *o)
{
        struct json_object *units = json_object_new_array();
        struct json_object *reads = json_object_new_object();
        struct json_object *violations = json_object_new_object();
        struct recsim_ums *u = r->ums;
        uint64_t bytes = 0, again = 0, written = 0;
        char key[24];

        recsim_ums_settle(r);
        for (size_t i = 0; i < u->n; i++) {
                uint64_t one = 0;

                json_object_array_add(units, unit_json(&u->units[i].medium, &one));
                again += one;
                bytes += u->units[i].medium.bytes;
                written += u->units[i].medium.written;
        }
        for (size_t i = 0; i < u->n_reads; i++) {
                (void)snprintf(key, sizeof(key), "%zu", u->reads[i].size);
                add_number(reads, key, u->reads[i].n);
        }
        for (size_t i = 0; i < u->n_violations; i++) {
                (void)snprintf(key, sizeof(key), "0x%02x", u->violations[i].op);
                add_number(violations, key, u->violations[i].n);
        }
        json_object_object_add(o, "units", units);
        add_number(o, "sector_bytes", bytes);
        add_number(o, "sector_bytes_again", again);
        add_number(o, "sector_bytes_written", written);
        json_object_object_add(o, "read_commands", reads);
        add_number(o, "failed_commands", u->failed);
        json_object_object_add(o, "violations", violations);
}
