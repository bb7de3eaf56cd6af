// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reads that stand on bulk IN. Several stand there at once, so that the device never waits for the host
 * between two of them; they complete in order, and are taken in order. The slots are the ring that bounds
 * memory: while nobody takes, no slot is submitted anew and the device is held by NAK.
 *
 * From the head on, the ring has the slots that are taken and still in use, then those that fly.
 */
#include "usb/usb_state.h"

#include "base/cleanup.h"

#include <sys/stat.h>

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

static struct usb_slot *slot_at(struct usb_device *d, unsigned int n)
{
        return &d->slots[(d->ring.head + n) % d->slots_used];
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

static size_t packets_up(uint64_t bytes, size_t packet)
{
        return (size_t)((bytes + packet - 1) / packet * packet);
}

/* Of 'size' bytes, what one read may ask for. */
static size_t read_size(const struct usb_device *d, uint64_t size)
{
        size_t packet = d->description.packet_size, most = d->figures.transfer_size;

        most -= most % packet;
        if (size >= most)
                return most;
        return d->exact ? (size_t)size : packets_up(size, packet);
}

static int slot_submit(struct usb_device *d, uint64_t size, size_t *ret_asked)
{
        struct usb_slot *slot = slot_at(d, d->ring.taken + d->ring.flying);
        size_t asked = read_size(d, size);
        int r;

        libusb_fill_bulk_transfer(slot->job->transfer, d->handle, d->bulk_in, slot->data, (int)asked, NULL,
                                  NULL, 0);
        r = usb_job_submit(d, slot->job);
        if (r != USB_OK)
                return r;
        slot->asked = asked;
        d->ring.flying++;
        *ret_asked = asked;
        return USB_OK;
}

int usb_device_queue(struct usb_device *d, uint64_t size, size_t *ret_asked)
{
        int r;

        if (size == 0)
                return -EINVAL;
        do {
                if (d->ring.taken + d->ring.flying >= d->figures.depth)
                        return -EAGAIN;
                r = slot_submit(d, size, ret_asked);
        } while (r == -ENOMEM && figures_degrade(d));
        /* Other recorders share the memory of usbfs: ours comes back when a read does. */
        return r == -ENOMEM && d->ring.flying > 0 ? -EAGAIN : r;
}

int usb_device_take(struct usb_device *d, struct usb_read *ret, int timeout_ms)
{
        struct usb_slot *slot;
        int r;

        if (d->ring.flying == 0)
                return -EINVAL;
        slot = slot_at(d, d->ring.taken);
        r = usb_job_wait(d, slot->job, timeout_ms);
        if (r != USB_OK)
                return r;
        d->ring.taken++;
        d->ring.flying--;
        r = usb_outcome_of_status(slot->job->transfer->status);
        if (r == USB_GONE)
                d->gone = true;
        if (r != USB_OK)
                return r;
        *ret = (struct usb_read){.data = slot->data,
                                 .size = (size_t)slot->job->transfer->actual_length,
                                 .asked = slot->asked};
        d->figures.transfers++;
        d->figures.bytes += ret->size;
        return USB_OK;
}

void usb_device_release(struct usb_device *d)
{
        d->ring.head = (d->ring.head + d->ring.taken) % MAX(d->slots_used, 1U);
        d->ring.taken = 0;
}

int usb_device_recall(struct usb_device *d, usb_late_fn *late, void *userdata)
{
        int r = USB_OK;

        /* All are cancelled before the first is waited for. */
        for (unsigned int i = d->ring.flying; i-- > 0;) {
                struct usb_job *job = slot_at(d, d->ring.taken + i)->job;

                if (job->flying && !d->dead)
                        (void)libusb_cancel_transfer(job->transfer);
        }
        for (unsigned int i = 0; i < d->ring.flying; i++) {
                struct usb_slot *slot = slot_at(d, d->ring.taken + i);

                if (!usb_job_recall(d, slot->job))
                        r = USB_GONE;
                else if (late && slot->job->transfer->actual_length > 0)
                        late(userdata, slot->data, (size_t)slot->job->transfer->actual_length);
        }
        d->ring = (struct usb_ring){.head = d->ring.head};
        return r;
}
