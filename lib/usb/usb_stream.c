// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The bulk pump. Several reads stand on the endpoint at once, so that the device never waits for the host
 * between two of them; they complete in order, and are handed to the consumer in order. The slots are the
 * ring that bounds memory: while the consumer is slow, no slot is submitted anew and the device is held by
 * NAK.
 *
 * No more is asked for than the data phase still owes: a read too many would swallow the response that
 * follows. Where the device ends its data early all the same, what the surplus reads caught is handed out as
 * 'late'.
 */
#include "usb/usb_state.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <string.h>
#include <sys/stat.h>

struct pump {
        struct usb_device *d;
        struct usb_stream *s;
        unsigned int head;   /* oldest flying slot */
        unsigned int flying; /* slots from head on */
        uint64_t asked;      /* bytes they ask for together */
        bool begun;          /* the first read has completed */
};

static bool device_memory_possible(const struct usb_device *d)
{
        struct stat st;

        /* Mapping a node that is not usbfs may succeed and fault on the first touch. */
        return !d->no_device_memory && fstat(d->fd, &st) == 0 && S_ISCHR(st.st_mode);
}

static int slot_new(struct usb_device *d, struct usb_slot *slot, size_t size, bool device_memory)
{
        int r = usb_job_new(&slot->job);

        if (r < 0)
                return r;
        if (device_memory)
                slot->data = libusb_dev_mem_alloc(d->handle, size);
        slot->device_memory = slot->data != NULL;
        if (!slot->data)
                slot->data = malloc(size);
        if (slot->data)
                return 0;
        usb_job_free(TAKE_PTR(slot->job));
        return -ENOMEM;
}

int usb_slots_new(struct usb_device *d, size_t transfer_size, unsigned int depth)
{
        bool device_memory = device_memory_possible(d);
        unsigned int with = 0;

        for (d->slots_used = 0; d->slots_used < depth; d->slots_used++) {
                int r = slot_new(d, &d->slots[d->slots_used], transfer_size, device_memory);

                if (r < 0)
                        return r;
                with += d->slots[d->slots_used].device_memory;
        }
        d->slot_size = transfer_size;
        d->figures.transfer_size = transfer_size;
        d->figures.depth = depth;
        d->figures.zero_copy = depth > 0 && with == depth;
        return 0;
}

void usb_slots_free(struct usb_device *d)
{
        for (unsigned int i = 0; i < d->slots_used; i++) {
                struct usb_slot *slot = &d->slots[i];

                if (slot->device_memory)
                        (void)libusb_dev_mem_free(d->handle, slot->data, d->slot_size);
                else if (!slot->job->flying)
                        free(slot->data);
                slot->data = NULL;
                if (slot->job->flying) {
                        slot->job->next_abandoned = d->abandoned;
                        d->abandoned = slot->job;
                } else {
                        usb_job_free(slot->job);
                }
                slot->job = NULL;
        }
        d->slots_used = 0;
}

void usb_device_figures(const struct usb_device *d, struct usb_stream_figures *ret)
{
        *ret = d->figures;
}

static struct usb_slot *slot_at(const struct pump *p, unsigned int n)
{
        return &p->d->slots[(p->head + n) % p->d->slots_used];
}

static uint64_t packets_up(uint64_t bytes, size_t packet)
{
        return (bytes + packet - 1) / packet * packet;
}

static size_t next_size(const struct pump *p)
{
        size_t packet = p->d->description.packet_size, size = p->d->figures.transfer_size;
        uint64_t left = p->s->owed - p->asked;

        size -= size % packet;
        return left >= size ? size : (size_t)packets_up(left, packet);
}

/* Takes one step down after the kernel refused memory. False when there is no step left. */
static bool figures_degrade(struct usb_device *d)
{
        if (d->figures.transfer_size / 2 >= USB_TRANSFER_SIZE_MIN)
                d->figures.transfer_size /= 2;
        else if (d->figures.depth > 1)
                d->figures.depth--;
        else
                return false;
        return true;
}

static int slot_submit(struct pump *p)
{
        struct usb_slot *slot = slot_at(p, p->flying);
        size_t size = next_size(p);
        int r;

        libusb_fill_bulk_transfer(slot->job->transfer, p->d->handle, p->d->bulk_in, slot->data, (int)size,
                                  NULL, NULL, 0);
        r = usb_job_submit(p->d, slot->job);
        if (r != USB_OK)
                return r;
        slot->asked = size;
        p->asked += size;
        p->flying++;
        return USB_OK;
}

/* Other recorders share the memory of usbfs: wait for some of theirs to come back when we have none at all.
 */
static int memory_wait(struct pump *p, int64_t deadline)
{
        if (p->flying > 0)
                return USB_OK;
        if (clock_monotonic() >= deadline)
                return -ENOMEM;
        return usb_device_pause(p->d, 20);
}

static int pump_fill(struct pump *p)
{
        int64_t deadline = clock_monotonic() + p->s->stall_timeout_ms * USEC_PER_MSEC;

        while (p->flying < p->d->figures.depth && p->asked < p->s->owed) {
                int r = slot_submit(p);

                if (r == -ENOMEM && figures_degrade(p->d))
                        continue;
                if (r == -ENOMEM) {
                        r = memory_wait(p, deadline);
                        if (r != USB_OK || p->flying > 0)
                                return r;
                        continue;
                }
                if (r != USB_OK)
                        return r;
        }
        return USB_OK;
}

/* Waits for the oldest read and takes it off the ring. */
static int pump_next(struct pump *p, struct usb_slot **ret)
{
        struct usb_slot *slot = slot_at(p, 0);
        int r = usb_job_wait(p->d, slot->job, p->begun ? p->s->stall_timeout_ms : p->s->first_timeout_ms);

        if (r != USB_OK)
                return r;
        p->head = (p->head + 1) % p->d->slots_used;
        p->flying--;
        p->asked -= slot->asked;
        p->begun = true;
        r = usb_outcome_of_status(slot->job->transfer->status);
        if (r == USB_GONE)
                p->d->gone = true;
        if (r == USB_OK)
                *ret = slot;
        return r;
}

static int pump_run(struct pump *p)
{
        while (p->s->owed > 0) {
                struct usb_slot *slot;
                size_t size;
                int r = pump_fill(p);

                if (r != USB_OK)
                        return r;
                r = pump_next(p, &slot);
                if (r != USB_OK)
                        return r;
                size = (size_t)slot->job->transfer->actual_length;
                p->d->figures.transfers++;
                p->d->figures.bytes += size;
                r = p->s->on_data(p->s, slot->data, size, size < slot->asked);
                if (r != 0)
                        return r;
        }
        return USB_OK;
}

static void late_keep(struct usb_stream *s, const uint8_t *data, size_t size)
{
        size_t room = s->late_size - s->late_used, n = MIN(room, size);

        if (n > 0)
                memcpy(s->late + s->late_used, data, n);
        s->late_used += n;
        if (n < size)
                s->late_lost = true;
}

/* Calls every read back that still stands; all are cancelled before the first is waited for. */
static bool pump_recall(struct pump *p)
{
        bool all = true;

        for (unsigned int i = p->flying; i-- > 0;)
                if (slot_at(p, i)->job->flying && !p->d->dead)
                        (void)libusb_cancel_transfer(slot_at(p, i)->job->transfer);
        for (unsigned int i = 0; i < p->flying; i++) {
                struct usb_slot *slot = slot_at(p, i);

                if (!usb_job_recall(p->d, slot->job))
                        all = false;
                else if (slot->job->transfer->actual_length > 0)
                        late_keep(p->s, slot->data, (size_t)slot->job->transfer->actual_length);
        }
        return all;
}

int usb_device_stream(struct usb_device *d, struct usb_stream *s)
{
        struct pump p = {.d = d, .s = s};
        int r;

        s->late_used = 0;
        s->late_lost = false;
        r = pump_run(&p);
        if (!pump_recall(&p) && r == USB_OK)
                return USB_GONE;
        return r;
}
