// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Bulk-Only Transport, the device's side: a wrapper, data one way or none, a status. Sections of the text
 * are those of Bulk-Only Transport 1.0. What a fault does to the wire is done here; what it does to the
 * outcome of a command, where the command is run.
 */

#include "recsim_operation.h"
#include "recsim_ums.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define STATUS_SIZE_MAX 1024
#define BABBLE_DEFAULT  512

int recsim_ums_open(struct recsim_ums **ret, const struct recsim_profile *p, char *why)
{
        struct recsim_ums *u = recsim_alloc(sizeof(*u));

        for (; u->n < p->n_disks; u->n++) {
                int e = recsim_medium_open(&u->units[u->n].medium, p->disk[u->n], (uint32_t)p->sector,
                                           p->writable);

                if (e < 0) {
                        (void)snprintf(why, RECSIM_WHY_MAX, "disk='%.150s': %s", p->disk[u->n],
                                       e == -EINVAL ? "no file of at least one sector" : strerror(-e));
                        recsim_ums_close(u);
                        return e;
                }
        }
        *ret = u;
        return 0;
}

void recsim_ums_close(struct recsim_ums *u)
{
        if (!u)
                return;
        for (size_t i = 0; i < u->n; i++)
                recsim_medium_close(&u->units[i].medium);
        recsim_buffer_clear(&u->reply.data);
        free(u);
}

bool recsim_ums_busy(const struct recsim *r)
{
        return r->muted || r->pipe.first || r->ums->phase != UMS_COMMAND;
}

/* 6.6.1: both pipes stay halted, whatever is cleared, until a reset recovery. */
static void lose_head(struct recsim *r)
{
        recsim_pipe_flush(&r->pipe);
        r->ums->phase = UMS_DEAD;
        r->pipe.halted = r->out_halted = true;
}

bool recsim_ums_may_clear(const struct recsim_ums *u)
{
        return u->phase != UMS_DEAD;
}

static const struct recsim_fault *due(struct recsim *r, enum recsim_fault_kind kind)
{
        struct recsim_occasion o = recsim_ums_occasion(r, 0, 0);

        return recsim_faults_due(&r->faults, kind, &o);
}

/* --- the status -------------------------------------------------------------------------------------------
 */

static void send_transfer(struct recsim *r, struct recsim_transfer *t)
{
        t->not_before = r->ums->not_before;
        recsim_pipe_add(&r->pipe, t);
}

/* Halts bulk IN behind 'size' bytes: one more byte that never comes is what the halt cuts off. */
static void cut_behind(struct recsim_transfer *t, uint64_t size)
{
        t->cut = CUT_STALL;
        t->cut_at = size;
        t->body_size += 1;
}

static void put_status(struct recsim *r, struct recsim_buffer *b, uint32_t tag)
{
        struct recsim_ums *u = r->ums;
        const struct recsim_fault *residue = due(r, FAULT_RESIDUE);

        recsim_put_u32(b, due(r, FAULT_SIGNATURE) ? ~UMS_CSW_SIGNATURE : UMS_CSW_SIGNATURE);
        recsim_put_u32(b, tag);
        recsim_put_u32(b, residue ? (uint32_t)residue->value : u->residue);
        recsim_put_u8(b, u->phase_error ? 2 : u->reply.failed ? 1 : 0);
}

static void send_status_bytes(struct recsim *r, uint32_t tag, size_t size)
{
        struct recsim_transfer *t = recsim_transfer_new();
        struct recsim_buffer b = {0};

        put_status(r, &b, tag);
        while (b.size < size)
                recsim_put_u8(&b, 0);
        t->head = b.data;
        t->head_size = size;
        t->empty = true;
        send_transfer(r, t);
}

static void send_status(struct recsim *r)
{
        struct recsim_ums *u = r->ums;
        const struct recsim_fault *f;
        size_t size = UMS_CSW_SIZE;
        uint32_t tag = u->command.tag;

        if (due(r, FAULT_STALL_STATUS)) {
                struct recsim_transfer *t = recsim_transfer_new();

                cut_behind(t, 0);
                send_transfer(r, t);
                u->phase = UMS_HALTED;
                return;
        }
        u->phase_error |= due(r, FAULT_PHASE) != NULL;
        f = due(r, FAULT_STALE);
        for (uint64_t i = 0; f && i < (f->has_value ? MIN(f->value, 1000) : 1); i++)
                send_status_bytes(r, tag - 1, UMS_CSW_SIZE);
        f = due(r, FAULT_STATUS_SIZE);
        if (f)
                size = f->has_value ? (size_t)MIN(f->value, STATUS_SIZE_MAX) : UMS_CSW_SIZE - 1;
        if (due(r, FAULT_TAG))
                tag++;
        send_status_bytes(r, tag, size);
        u->failed += u->reply.failed;
        /* 5.3.3.2: after a phase error only a reset recovery helps. */
        u->phase = u->phase_error ? UMS_DEAD : UMS_COMMAND;
}

void recsim_ums_cleared(struct recsim *r)
{
        if (r->ums->phase == UMS_HALTED && !r->pipe.first)
                send_status(r);
}

/* --- data to the host -------------------------------------------------------------------------------------
 */

/* The first n bytes of what the command came to. */
static struct recsim_transfer *data_transfer(struct recsim *r, uint64_t n)
{
        struct ums_reply *reply = &r->ums->reply;
        struct recsim_medium *m = &recsim_ums_unit(r)->medium;
        struct recsim_transfer *t = recsim_transfer_new();

        if (due(r, FAULT_GARBAGE)) {
                t->head = recsim_alloc(n);
                t->head_size = n;
                for (uint64_t i = 0; i < n; i++)
                        t->head[i] = (uint8_t)(0xE7 * i + 0xA5);
        } else if (reply->medium) {
                t->fd = fcntl(m->fd, F_DUPFD_CLOEXEC, 3);
                t->body = BODY_FILE;
                t->offset = reply->offset;
                t->body_size = n;
                t->served = &m->bytes;
        } else {
                t->head = recsim_alloc(n);
                t->head_size = n;
                if (n > 0)
                        memcpy(t->head, reply->data.data, n);
        }
        return t;
}

/* Inverts what faults name among the bytes 'from' to 'to'; 'base' is where the transfer begins. */
static void data_corrupt(struct recsim *r, struct recsim_transfer *t, uint64_t base, uint64_t from,
                         uint64_t to)
{
        struct recsim_occasion o = recsim_ums_occasion(r, from, to);
        const struct recsim_fault *f;
        uint64_t at;

        if (from >= to || t->n_flips == RECSIM_FLIPS_MAX)
                return;
        f = recsim_faults_due(&r->faults, FAULT_CORRUPT, &o);
        if (!f)
                return;
        at = f->at >= 0 ? (uint64_t)f->at : from;
        t->flips[t->n_flips++] = at - base;
        if (f->at < 0)
                return;
        data_corrupt(r, t, base, from, at);
        data_corrupt(r, t, base, at + 1, to);
}

/* Breaks off where a fault with 'at' says so; true when it is a halt. */
static bool data_cut(struct recsim *r, struct recsim_transfer *t, uint64_t from, uint64_t n)
{
        static const struct {
                enum recsim_fault_kind kind;
                enum recsim_cut cut;
        } cuts[] = {{FAULT_STALL, CUT_STALL}, {FAULT_SILENCE, CUT_SILENCE}, {FAULT_VANISH, CUT_VANISH}};
        struct recsim_occasion o = recsim_ums_occasion(r, from, from + n);

        for (size_t i = 0; i < ELEMENTSOF(cuts); i++) {
                const struct recsim_fault *f = recsim_faults_due(&r->faults, cuts[i].kind, &o);

                if (!f)
                        continue;
                t->cut = cuts[i].cut;
                t->cut_at = (uint64_t)f->at - from;
                return t->cut == CUT_STALL;
        }
        return false;
}

static void data_babble(struct recsim *r, struct recsim_transfer *t)
{
        const struct recsim_fault *f = due(r, FAULT_BABBLE);

        if (f) /* zeros where there is no body to go on with */
                t->body_size += f->has_value ? f->value : BABBLE_DEFAULT;
}

/* What remains of the data when the 'short' fault is due. */
static uint64_t data_short(struct recsim *r, uint64_t from, uint64_t n)
{
        struct recsim_occasion o = recsim_ums_occasion(r, from, from + n);
        const struct recsim_fault *f = n > 0 ? recsim_faults_due(&r->faults, FAULT_SHORT, &o) : NULL;

        if (!f)
                return n;
        return f->at >= 0 ? (uint64_t)f->at - from : 0;
}

/* The data phase towards the host: 6.7.2, with the residue that is due. */
static void send_data(struct recsim *r)
{
        struct recsim_ums *u = r->ums;
        uint64_t from = u->reply.medium ? u->reply.offset : 0;
        uint64_t n = data_short(r, from, MIN(u->reply.size, u->command.size));
        struct recsim_transfer *t = data_transfer(r, n);
        bool halts = u->reply.failed && n < u->command.size && r->profile.halts;

        u->residue = u->command.size - (uint32_t)n;
        data_corrupt(r, t, from, from, from + n);
        if (due(r, FAULT_STALL)) {
                cut_behind(t, 0);
                halts = true;
        } else if (data_cut(r, t, from, n)) {
                halts = true;
        } else if (halts) {
                cut_behind(t, n);
        } else {
                data_babble(r, t);
                t->empty = n < u->command.size;
        }
        if (t->cut == CUT_STALL) {
                u->residue = u->command.size - (uint32_t)t->cut_at;
                if (!u->reply.failed)
                        recsim_ums_fail(r, &u->reply, SENSE_ABORTED);
        }
        send_transfer(r, t);
        if (halts)
                u->phase = UMS_HALTED;
        else
                send_status(r);
}

/* --- the command ------------------------------------------------------------------------------------------
 */

static void begin_data(struct recsim *r)
{
        struct recsim_ums *u = r->ums;
        uint32_t size = u->command.size;

        if (size > 0 && !u->command.in) {
                u->phase_error = u->reply.size > 0 || u->reply.wanted > size; /* cases 8, 10, 13 */
                u->phase = UMS_DATA_OUT;
                return;
        }
        u->phase_error = u->reply.size > size || u->reply.wanted > 0; /* cases 2, 3, 7, 10 */
        if (size > 0)
                send_data(r);
        else
                send_status(r);
}

/* 6.2: valid and meaningful. */
static bool wrapper_read(const struct recsim_ums *u, const uint8_t *data, size_t size,
                         struct ums_command *ret)
{
        struct ums_command c = {0};

        if (size != UMS_CBW_SIZE || recsim_get_u32(data) != UMS_CBW_SIGNATURE)
                return false;
        c.tag = recsim_get_u32(data + 4);
        c.size = recsim_get_u32(data + 8);
        c.in = data[12] & 0x80;
        c.lun = data[13];
        c.cdb_size = data[14];
        if ((data[12] & 0x7F) || c.lun >= u->n || c.cdb_size < 1 || c.cdb_size > sizeof(c.cdb))
                return false;
        memcpy(c.cdb, data + 15, sizeof(c.cdb));
        *ret = c;
        return true;
}

static void command_begin(struct recsim *r, const struct ums_command *c)
{
        struct recsim_ums *u = r->ums;
        const struct recsim_fault *f;

        recsim_ums_settle(r);
        recsim_buffer_clear(&u->reply.data);
        u->command = *c;
        u->reply = (struct ums_reply){0};
        u->given = recsim_ums_unit(r)->medium.bytes;
        u->taken = 0;
        u->residue = c->size;
        u->phase_error = false;
        recsim_ums_range(c, &u->reply.lba, &u->reply.sectors);
        recsim_ums_count(r);
        f = due(r, FAULT_DELAY);
        u->not_before = f ? recsim_now() + (int64_t)f->value * 1000 : 0;
}

static int take_wrapper(struct recsim *r, const uint8_t *data, size_t size)
{
        struct recsim_ums *u = r->ums;
        struct ums_command c;

        if (!wrapper_read(u, data, size, &c)) {
                lose_head(r);
                return 0;
        }
        command_begin(r, &c);
        if (due(r, FAULT_STALL_COMMAND)) {
                lose_head(r);
                return -EPIPE;
        }
        if (due(r, FAULT_VANISH)) {
                r->gone = true;
                return 0;
        }
        if (due(r, FAULT_SILENCE)) {
                r->muted = true;
                return 0;
        }
        recsim_ums_execute(r, &u->reply);
        if (u->reply.dead)
                lose_head(r);
        else
                begin_data(r);
        return 0;
}

static void take_data(struct recsim *r, const uint8_t *data, size_t size)
{
        struct recsim_ums *u = r->ums;
        struct ums_reply *reply = &u->reply;
        struct recsim_medium *m = &recsim_ums_unit(r)->medium;
        size_t stored = u->taken < reply->wanted ? (size_t)MIN(size, reply->wanted - u->taken) : 0;

        if (reply->store && stored > 0 && !reply->failed) {
                if (pwrite(m->fd, data, stored, (off_t)(reply->offset + u->taken)) == (ssize_t)stored)
                        m->written += stored;
                else
                        recsim_ums_fail(r, reply, SENSE_WRITE_PROTECTED);
        }
        u->taken += (uint32_t)size;
        if (u->taken > u->command.size) {
                lose_head(r);
                return;
        }
        if (u->taken < u->command.size)
                return;
        u->residue = reply->failed ? u->command.size
                                   : u->command.size - (uint32_t)MIN(reply->wanted, u->taken);
        send_status(r);
}

int recsim_ums_out(struct recsim *r, const uint8_t *data, size_t size)
{
        struct recsim_ums *u = r->ums;

        if (u->phase == UMS_DEAD || r->alternate != 0)
                return -EPIPE;
        if (r->muted || u->phase == UMS_HALTED || r->pipe.first)
                return -EAGAIN;
        if (u->phase == UMS_DATA_OUT) {
                take_data(r, data, size);
                return 0;
        }
        return take_wrapper(r, data, size);
}

/* --- resets -----------------------------------------------------------------------------------------------
 */

static void forget_command(struct recsim *r)
{
        recsim_ums_settle(r);
        recsim_pipe_flush(&r->pipe);
        r->muted = false;
        r->ums->phase = UMS_COMMAND;
}

void recsim_ums_reset(struct recsim *r)
{
        forget_command(r);
}

bool recsim_ums_request(struct recsim *r, uint8_t request, struct recsim_buffer *b)
{
        if (request == UMS_GET_MAX_LUN) {
                if (due(r, FAULT_NO_MAX_LUN))
                        return false;
                recsim_put_u8(b, (uint8_t)(r->ums->n - 1));
                return true;
        }
        if (request != UMS_RESET)
                return false;
        r->stats.class_resets++;
        if (!due(r, FAULT_RESET_IGNORED))
                forget_command(r); /* 3.1: halts are for the host to clear */
        return true;
}
