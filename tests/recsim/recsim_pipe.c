// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The bulk IN pipe. The rules of USB 2.0, 5.8.3, live here and nowhere else: a read ends when it is full or
 * with a short packet; data that fill their last packet need an empty one behind them, and on a device that
 * does not send it the read runs on into the next transfer.
 */

#include "recsim_pipe.h"

#include "recsim_buffer.h"
#include "recsim_tree.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void recsim_pipe_init(struct recsim_pipe *p, size_t packet, bool zlp, uint64_t rate)
{
        *p = (struct recsim_pipe){.packet = packet, .zlp = zlp, .rate = rate};
        p->last = &p->first;
}

struct recsim_transfer *recsim_transfer_new(void)
{
        struct recsim_transfer *t = recsim_alloc(sizeof(*t));

        t->fd = -EBADF;
        return t;
}

static void transfer_free(struct recsim_transfer *t)
{
        t->fd = fd_close(t->fd);
        free(t->head);
        free(t);
}

void recsim_pipe_add(struct recsim_pipe *p, struct recsim_transfer *t)
{
        *p->last = t;
        p->last = &t->next;
}

static void pipe_pop(struct recsim_pipe *p)
{
        struct recsim_transfer *t = p->first;

        p->first = t->next;
        if (!p->first)
                p->last = &p->first;
        transfer_free(t);
}

void recsim_pipe_flush(struct recsim_pipe *p)
{
        while (p->first)
                pipe_pop(p);
}

static uint64_t transfer_total(const struct recsim_transfer *t)
{
        return t->endless ? UINT64_MAX : t->head_size + t->body_size;
}

/* What a cut does to the read that runs into it; false: it waits for ever. */
static bool plan_cut(const struct recsim_transfer *t, struct recsim_reading *plan)
{
        if (t->cut == CUT_SILENCE)
                return false;
        plan->status = t->cut == CUT_VANISH ? -ENODEV : -EPIPE;
        return true;
}

bool recsim_pipe_plan(struct recsim_pipe *p, size_t want, int64_t now, struct recsim_reading *ret)
{
        struct recsim_reading plan = {0};

        if (p->halted) {
                *ret = (struct recsim_reading){.status = -EPIPE};
                return true;
        }
        if (p->pace > now)
                return false;
        for (struct recsim_transfer *t = p->first; t; t = t->next) {
                uint64_t total = transfer_total(t);
                uint64_t end = t->cut != CUT_NONE ? MIN(t->cut_at, total) : total;
                uint64_t left = end > t->sent ? end - t->sent : 0;
                size_t need = want - plan.size;

                if (t->not_before > now)
                        return false;
                if (left >= need) {
                        /* Full: an empty packet, if one is due, is left for the next read. */
                        if (left == need && end == total && total % p->packet != 0)
                                plan.done++;
                        plan.size = want;
                        plan.status = left > need && want % p->packet != 0 ? -EOVERFLOW : 0;
                        *ret = plan;
                        return true;
                }
                plan.size += left;
                if (t->cut != CUT_NONE && end < total) {
                        *ret = plan;
                        return plan_cut(t, ret);
                }
                plan.done++;
                if (total % p->packet != 0 || p->zlp || t->empty || t->repeat) {
                        *ret = plan;
                        return true;
                }
        }
        return false;
}

static void body_read(const struct recsim_transfer *t, uint64_t position, uint8_t *buf, size_t n)
{
        size_t got = 0;

        if (t->body == BODY_FILE) {
                while (got < n) {
                        ssize_t r = pread(t->fd, buf + got, n - got, (off_t)(t->offset + position + got));

                        if (r <= 0)
                                break;
                        got += (size_t)r;
                }
        } else if (t->body == BODY_PATTERN) {
                recsim_pattern_fill(t->handle, t->offset + position, buf, n);
                got = n;
        }
        /* The file became shorter under us: zeros, as a device with a bad block would send. */
        memset(buf + got, 0, n - got);
}

static void transfer_read(struct recsim_transfer *t, uint8_t *buf, size_t n)
{
        uint64_t from = t->sent;
        size_t head = from < t->head_size ? MIN(n, t->head_size - from) : 0;

        if (head > 0)
                memcpy(buf, t->head + from, head);
        if (n > head) {
                body_read(t, from + head - t->head_size, buf + head, n - head);
                if (t->served)
                        *t->served += n - head;
        }
        for (size_t i = 0; i < t->n_flips; i++) {
                if (t->flips[i] >= from && t->flips[i] < from + n)
                        buf[t->flips[i] - from] ^= 0xFF;
        }
        t->sent += n;
}

static void pipe_pay(struct recsim_pipe *p, size_t size, int64_t now)
{
        if (p->rate > 0)
                p->pace = MAX(p->pace, now) + (int64_t)(size * 1000000 / p->rate);
}

void recsim_pipe_fill(struct recsim_pipe *p, const struct recsim_reading *plan, uint8_t *buf, int64_t now)
{
        size_t filled = 0;

        for (unsigned int done = 0; p->first && done <= plan->done; done++) {
                struct recsim_transfer *t = p->first;
                uint64_t total = transfer_total(t);
                uint64_t end = t->cut != CUT_NONE ? MIN(t->cut_at, total) : total;
                size_t n = (size_t)MIN(end - MIN(t->sent, end), plan->size - filled);

                if (n > 0)
                        transfer_read(t, buf + filled, n);
                filled += n;
                if (done == plan->done)
                        break;
                if (t->repeat)
                        t->sent = 0;
                else
                        pipe_pop(p);
        }
        pipe_pay(p, plan->size, now);
        if (plan->status == -EPIPE) {
                p->halted = true;
                recsim_pipe_flush(p);
        }
}

int64_t recsim_pipe_wakeup(const struct recsim_pipe *p, int64_t now)
{
        int64_t at = p->first ? MAX(p->first->not_before, p->pace) : -1;

        return at > now ? at : -1;
}
