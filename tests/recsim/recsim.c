// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The recorder as a USB device, whatever it speaks: its pipes with their halts, its figures, and the choice
 * between the two things it can be.
 */

#include "recsim.h"

#include "recsim_operation.h"
#include "recsim_ums.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VENDOR_MODE_PRODUCT 0x0001
#define VENDOR_MODE_END     "@ATH;8;12345678;#"

int64_t recsim_now(void)
{
        struct timespec ts;

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

size_t recsim_packet_size(const struct recsim *r)
{
        if (r->profile.packet)
                return r->profile.packet;
        return r->profile.speed == RECSIM_SUPER ? 1024 : r->profile.speed == RECSIM_HIGH ? 512 : 64;
}

/* A disk knows no objects, and MTP no sectors. */
static bool fault_place_fits(const struct recsim *r, const struct recsim_fault *f, char *why)
{
        if (r->ums && *f->object)
                (void)snprintf(why, RECSIM_WHY_MAX, "object='%.80s': a disk has none, expected lba",
                               f->object);
        else if (!r->ums && (f->lun >= 0 || f->lba_last != UINT64_MAX))
                (void)snprintf(why, RECSIM_WHY_MAX, "lun, lba: MTP has none, expected object");
        else
                return true;
        return false;
}

int recsim_fault(struct recsim *r, const struct recsim_fault *fault, char *why)
{
        int e;

        if (!fault_place_fits(r, fault, why))
                return -EINVAL;
        if (!recsim_fault_fits(fault->kind, r->ums != NULL)) {
                (void)snprintf(why, RECSIM_WHY_MAX, "fault '%s': not for a recorder that %s",
                               recsim_fault_name(fault->kind), r->ums ? "is a disk" : "speaks MTP");
                return -EINVAL;
        }
        e = recsim_faults_add(&r->faults, fault);
        if (e < 0)
                (void)snprintf(why, RECSIM_WHY_MAX, "fault: more than %d", RECSIM_FAULTS_MAX);
        else if (!r->ums)
                recsim_mtp_grow(r, fault->kind);
        return e;
}

uint16_t recsim_product(const struct recsim *r)
{
        return r->vendor_mode ? VENDOR_MODE_PRODUCT : (uint16_t)r->profile.product;
}

void recsim_leave_vendor_mode(struct recsim *r)
{
        r->gone = r->returns = r->vendor_mode;
}

/* One dialect of many: enough for a test to see a recorder turn into a disk. */
static void vendor_out(struct recsim *r, const uint8_t *data, size_t size)
{
        if (size == strlen(VENDOR_MODE_END) && memcmp(data, VENDOR_MODE_END, size) == 0)
                recsim_leave_vendor_mode(r);
}

static int open_tree(struct recsim *r, char *why)
{
        const struct recsim_profile *p = &r->profile;
        int e = recsim_tree_open(&r->tree, p->dir, (unsigned int)MAX(p->storages, 1));

        if (e < 0)
                (void)snprintf(why, RECSIM_WHY_MAX, "dir='%.180s': %s", p->dir, strerror(-e));
        else
                recsim_tree_add_pattern(&r->tree, (unsigned int)p->synth_count, p->synth_size);
        return e;
}

int recsim_new(struct recsim **ret, const struct recsim_profile *profile, const struct recsim_faults *faults,
               char *why)
{
        struct recsim *r = recsim_alloc(sizeof(*r));
        int e;

        r->profile = *profile;
        r->vendor_mode = profile->vendor_mode;
        r->tree.fd = -EBADF;
        recsim_pipe_init(&r->pipe, recsim_packet_size(r), profile->zlp && profile->n_disks == 0,
                         profile->rate);
        if (profile->n_disks > 0 && *profile->dir) {
                (void)snprintf(why, RECSIM_WHY_MAX, "dir='%.180s': a recorder that is a disk has none",
                               profile->dir);
                free(r);
                return -EINVAL;
        }
        e = profile->n_disks > 0 ? recsim_ums_open(&r->ums, profile, why) : open_tree(r, why);
        for (size_t i = 0; e == 0 && faults && i < faults->n; i++)
                e = recsim_fault(r, &faults->entry[i], why);
        if (e < 0) {
                recsim_free(r);
                return e;
        }
        r->driver = r->ums && profile->driver && !r->vendor_mode;
        *ret = r;
        return 0;
}

void recsim_free(struct recsim *r)
{
        if (!r)
                return;
        recsim_pipe_flush(&r->pipe);
        recsim_tree_close(&r->tree);
        recsim_ums_close(r->ums);
        free(r->request);
        free(r);
}

void recsim_count_command(struct recsim *r, uint16_t op)
{
        struct recsim_stats *s = &r->stats;
        size_t i = 0;

        s->commands++;
        s->queued_max = MAX(s->queued_max, 1);
        while (i < s->n_ops && s->ops[i].op != op)
                i++;
        if (i == RECSIM_OPS_MAX)
                return;
        if (i == s->n_ops)
                s->ops[s->n_ops++].op = op;
        s->ops[i].n++;
}

void recsim_count_size(struct recsim_size_count *sizes, size_t *n, size_t size)
{
        size_t i = 0;

        while (i < *n && sizes[i].size != size)
                i++;
        if (i == RECSIM_SIZES_MAX)
                return;
        if (i == *n)
                sizes[(*n)++].size = size;
        sizes[i].n++;
}

int recsim_driver_detach(struct recsim *r)
{
        if (!r->driver)
                return -ENODATA;
        r->driver = false;
        r->stats.driver_detached++;
        return 0;
}

int recsim_driver_attach(struct recsim *r, bool claimed)
{
        if (!r->ums || r->vendor_mode)
                return -ENODATA;
        if (r->driver || claimed)
                return -EBUSY;
        r->driver = true;
        r->stats.driver_attached++;
        return 1;
}

void recsim_note_waiting(struct recsim *r, size_t n)
{
        r->stats.queued_max = MAX(r->stats.queued_max, n + (r->ums && recsim_ums_busy(r)));
}

int recsim_bulk_out(struct recsim *r, const uint8_t *data, size_t size)
{
        int e = 0;

        if (r->gone)
                return -ENODEV;
        if (r->out_halted)
                return -EPIPE;
        if (r->vendor_mode)
                vendor_out(r, data, size);
        else if (r->ums)
                e = recsim_ums_out(r, data, size);
        else
                recsim_mtp_out(r, data, size);
        if (e == 0) {
                r->stats.bulk_out++;
                r->stats.bytes_out += size;
        }
        return e;
}

bool recsim_bulk_in_plan(struct recsim *r, size_t want, struct recsim_reading *ret)
{
        if (r->gone) {
                *ret = (struct recsim_reading){.status = -ENODEV};
                return true;
        }
        if (r->muted)
                return false;
        return recsim_pipe_plan(&r->pipe, want, recsim_now(), ret);
}

void recsim_bulk_in_fill(struct recsim *r, size_t want, const struct recsim_reading *plan, uint8_t *buf)
{
        recsim_count_size(r->stats.sizes, &r->stats.n_sizes, want);
        r->stats.bulk_in++;
        r->stats.bytes_in += plan->size;
        recsim_pipe_fill(&r->pipe, plan, buf, recsim_now());
        if (plan->status == -EPIPE && !r->ums)
                r->out_halted = true;
        if (plan->status == -ENODEV)
                r->gone = true;
}

int64_t recsim_wakeup(const struct recsim *r)
{
        return r->gone || r->muted ? -1 : recsim_pipe_wakeup(&r->pipe, recsim_now());
}

void recsim_clear_halt(struct recsim *r, uint8_t endpoint)
{
        r->stats.clear_halts++;
        if (r->ums && !recsim_ums_may_clear(r->ums))
                return;
        if (endpoint == RECSIM_ENDPOINT_IN) {
                r->pipe.halted = false;
                if (r->ums)
                        recsim_ums_cleared(r);
        } else if (endpoint == RECSIM_ENDPOINT_OUT) {
                r->out_halted = false;
        }
}

bool recsim_set_alternate(struct recsim *r, unsigned int interface, unsigned int alternate)
{
        struct recsim_interface interfaces[RECSIM_INTERFACES_MAX];
        size_t n = recsim_interfaces(r, interfaces);

        for (size_t i = 0; i < n; i++) {
                if (interfaces[i].number != interface || interfaces[i].alternate != alternate)
                        continue;
                if (interface == 0)
                        r->alternate = (uint8_t)alternate;
                return true;
        }
        return false;
}

void recsim_reset(struct recsim *r)
{
        r->stats.resets++;
        recsim_pipe_flush(&r->pipe);
        r->muted = false;
        r->alternate = 0;
        r->pipe.halted = r->out_halted = false;
        if (r->ums)
                recsim_ums_reset(r);
        else
                recsim_mtp_reset(r);
}

int recsim_set(struct recsim *r, const char *key, const char *value, char *why)
{
        bool locked = r->profile.locked;
        int e = recsim_profile_set(&r->profile, key, value, why);

        if (e < 0)
                return e;
        r->pipe.rate = r->profile.rate;
        r->pipe.zlp = r->profile.zlp && !r->ums;
        if (locked != r->profile.locked && !r->ums)
                recsim_mtp_show_storages(r);
        return 0;
}
