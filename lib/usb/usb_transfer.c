// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Single transfers. All of them are asynchronous libusb transfers waited for in slices, so that a cancel
 * hook and our own deadline end every wait; libusb's timeouts are not used. A transfer that the kernel does
 * not hand back after a cancel marks the device dead: from then on no event is handled, so that a late
 * completion can never write into memory that has found another use.
 */
#include "usb/usb_state.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <string.h>

const char *usb_outcome_text(int outcome)
{
        static const char *const texts[_USB_OUTCOME_MAX] = {
                        [USB_OK] = "ok",
                        [USB_GONE] = "gone",
                        [USB_STALL] = "stall",
                        [USB_TIMEOUT] = "timeout",
                        [USB_OVERFLOW] = "overflow",
                        [USB_CANCELLED] = "cancelled",
                        [USB_BUSY] = "busy",
                        [USB_IO] = "input/output error",
                        [USB_NO_INTERFACE] = "no interface",
        };

        return outcome >= 0 && outcome < _USB_OUTCOME_MAX ? texts[outcome] : "unknown";
}

int usb_outcome_of_error(int error)
{
        switch (error) {
        case LIBUSB_SUCCESS:
                return USB_OK;
        case LIBUSB_ERROR_NO_DEVICE:
        case LIBUSB_ERROR_NOT_FOUND:
                return USB_GONE;
        case LIBUSB_ERROR_PIPE:
                return USB_STALL;
        case LIBUSB_ERROR_TIMEOUT:
                return USB_TIMEOUT;
        case LIBUSB_ERROR_OVERFLOW:
                return USB_OVERFLOW;
        case LIBUSB_ERROR_BUSY:
                return USB_BUSY;
        case LIBUSB_ERROR_NO_MEM:
                return -ENOMEM;
        case LIBUSB_ERROR_ACCESS:
                return -EACCES;
        case LIBUSB_ERROR_INVALID_PARAM:
                return -EINVAL;
        case LIBUSB_ERROR_NOT_SUPPORTED:
                return -EOPNOTSUPP;
        default:
                return USB_IO;
        }
}

int usb_outcome_of_status(enum libusb_transfer_status status)
{
        switch (status) {
        case LIBUSB_TRANSFER_COMPLETED:
                return USB_OK;
        case LIBUSB_TRANSFER_TIMED_OUT:
                return USB_TIMEOUT;
        case LIBUSB_TRANSFER_CANCELLED:
                return USB_CANCELLED;
        case LIBUSB_TRANSFER_STALL:
                return USB_STALL;
        case LIBUSB_TRANSFER_NO_DEVICE:
                return USB_GONE;
        case LIBUSB_TRANSFER_OVERFLOW:
                return USB_OVERFLOW;
        case LIBUSB_TRANSFER_ERROR:
        default:
                return USB_IO;
        }
}

bool usb_device_cancelled(const struct usb_device *d)
{
        return d->cancelled && !d->cancel_masked && d->cancelled(d->userdata);
}

void usb_device_mask_cancel(struct usb_device *d, bool masked)
{
        d->cancel_masked = masked;
}

int usb_job_new(struct usb_job **ret)
{
        struct usb_job *j = calloc(1, sizeof(*j));

        if (!j)
                return -ENOMEM;
        j->transfer = libusb_alloc_transfer(0);
        if (!j->transfer) {
                free(j);
                return -ENOMEM;
        }
        *ret = j;
        return 0;
}

void usb_job_free(struct usb_job *j)
{
        if (!j)
                return;
        libusb_free_transfer(j->transfer);
        free(j);
}

static void LIBUSB_CALL on_done(struct libusb_transfer *transfer)
{
        struct usb_job *j = transfer->user_data;

        j->flying = false;
        j->done = 1;
}

int usb_job_submit(struct usb_device *d, struct usb_job *j)
{
        int r;

        if (d->gone || d->dead)
                return USB_GONE;
        j->done = 0;
        j->transfer->callback = on_done;
        j->transfer->user_data = j;
        r = usb_outcome_of_error(libusb_submit_transfer(j->transfer));
        if (r == USB_GONE)
                d->gone = true;
        j->flying = r == USB_OK;
        return r;
}

/* Handles what has come, waiting for at most 'milliseconds' or until *done. */
static int events_handle(struct usb_device *d, int milliseconds, int *done)
{
        struct timeval tv = {.tv_sec = milliseconds / 1000, .tv_usec = (milliseconds % 1000) * 1000L};
        int r = libusb_handle_events_timeout_completed(d->context, &tv, done);

        return r == LIBUSB_ERROR_INTERRUPTED ? USB_OK : usb_outcome_of_error(r);
}

static int slice_until(int64_t deadline)
{
        int64_t left = (deadline - clock_monotonic() + USEC_PER_MSEC - 1) / USEC_PER_MSEC;

        return (int)MAX(MIN(left, USB_SLICE_MS), 0);
}

int usb_job_wait(struct usb_device *d, struct usb_job *j, int timeout_ms)
{
        int64_t deadline = clock_monotonic() + timeout_ms * USEC_PER_MSEC;

        while (!j->done) {
                int slice = slice_until(deadline), r;

                if (d->dead)
                        return USB_GONE;
                if (usb_device_cancelled(d))
                        return USB_CANCELLED;
                r = events_handle(d, slice, &j->done);
                if (r != USB_OK)
                        return r;
                if (slice == 0 && !j->done)
                        return USB_TIMEOUT;
        }
        return USB_OK;
}

bool usb_job_recall(struct usb_device *d, struct usb_job *j)
{
        int64_t deadline = clock_monotonic() + USB_CANCEL_BOUND_MS * USEC_PER_MSEC;

        if (!j->flying)
                return true;
        if (!d->dead) {
                (void)libusb_cancel_transfer(j->transfer);
                while (!j->done) {
                        int slice = slice_until(deadline);

                        if (events_handle(d, slice, &j->done) != USB_OK || slice == 0)
                                break;
                }
        }
        if (j->done)
                return true;
        d->dead = true;
        return false;
}

/* Runs a prepared one-off job to its end and frees it, unless the kernel keeps it. */
static int job_run(struct usb_device *d, struct usb_job *j, int timeout_ms, size_t *ret_done)
{
        int r = usb_job_submit(d, j);

        if (r == USB_OK)
                r = usb_job_wait(d, j, timeout_ms);
        if (!usb_job_recall(d, j)) {
                j->next_abandoned = d->abandoned;
                d->abandoned = j;
                return r == USB_OK ? USB_GONE : r;
        }
        /* It may have completed between the end of the wait and the cancel. */
        if (j->done && j->transfer->status != LIBUSB_TRANSFER_CANCELLED)
                r = usb_outcome_of_status(j->transfer->status);
        if (r == USB_GONE)
                d->gone = true;
        if (r == USB_OK)
                *ret_done = (size_t)j->transfer->actual_length;
        usb_job_free(j);
        return r;
}

static int bulk_run(struct usb_device *d, uint8_t endpoint, void *data, size_t size, int timeout_ms,
                    size_t *ret_done)
{
        struct usb_job *j;
        int r;

        if (size > INT32_MAX)
                return -EINVAL;
        r = usb_job_new(&j);
        if (r < 0)
                return r;
        libusb_fill_bulk_transfer(j->transfer, d->handle, endpoint, data, (int)size, NULL, NULL, 0);
        return job_run(d, j, timeout_ms, ret_done);
}

int usb_device_send(struct usb_device *d, const void *data, size_t size, bool end, int timeout_ms)
{
        _cleanup_free_ uint8_t *copy = malloc(MAX(size, (size_t)1));
        size_t done = 0;
        int r;

        if (!copy)
                return -ENOMEM;
        memcpy(copy, data, size);
        r = bulk_run(d, d->bulk_out, copy, size, timeout_ms, &done);
        if (r != USB_OK)
                return r;
        if (done != size)
                return USB_IO;
        if (end && size > 0 && size % d->packet_out == 0)
                r = bulk_run(d, d->bulk_out, copy, 0, timeout_ms, &done);
        return r;
}

int usb_device_receive(struct usb_device *d, void *data, size_t size, size_t *ret_received, int timeout_ms)
{
        if (size == 0 || size % d->description.packet_size != 0)
                return -EINVAL;
        return bulk_run(d, d->bulk_in, data, size, timeout_ms, ret_received);
}

int usb_device_control(struct usb_device *d, uint8_t request_type, uint8_t request, uint16_t value,
                       uint16_t index, void *data, uint16_t size, size_t *ret_done, int timeout_ms)
{
        _cleanup_free_ uint8_t *buf = NULL;
        bool in = request_type & LIBUSB_ENDPOINT_IN;
        struct usb_job *j;
        size_t done = 0;
        int r = usb_job_new(&j);

        if (r < 0)
                return r;
        buf = calloc(1, LIBUSB_CONTROL_SETUP_SIZE + (size_t)size);
        if (!buf) {
                usb_job_free(j);
                return -ENOMEM;
        }
        libusb_fill_control_setup(buf, request_type, request, value, index, size);
        if (!in && size > 0)
                memcpy(buf + LIBUSB_CONTROL_SETUP_SIZE, data, size);
        libusb_fill_control_transfer(j->transfer, d->handle, buf, NULL, NULL, 0);
        r = job_run(d, j, timeout_ms, &done);
        if (r == USB_OK && in && done > 0)
                memcpy(data, buf + LIBUSB_CONTROL_SETUP_SIZE, MIN(done, (size_t)size));
        if (r == USB_OK && ret_done)
                *ret_done = MIN(done, (size_t)size);
        return r;
}

int usb_device_clear_halt(struct usb_device *d)
{
        int in, out;

        if (d->gone || d->dead)
                return USB_GONE;
        in = usb_outcome_of_error(libusb_clear_halt(d->handle, d->bulk_in));
        out = usb_outcome_of_error(libusb_clear_halt(d->handle, d->bulk_out));
        return in != USB_OK ? in : out;
}

int usb_device_clear_halt_in(struct usb_device *d)
{
        if (d->gone || d->dead)
                return USB_GONE;
        return usb_outcome_of_error(libusb_clear_halt(d->handle, d->bulk_in));
}

int usb_device_reset(struct usb_device *d)
{
        int r;

        if (d->gone || d->dead)
                return USB_GONE;
        usb_events_stop(d);
        r = usb_outcome_of_error(libusb_reset_device(d->handle));
        if (r == USB_OK)
                r = usb_alternate_select(d);
        if (r == USB_GONE)
                d->gone = true;
        return r;
}

int usb_device_pause(struct usb_device *d, int milliseconds)
{
        int64_t deadline = clock_monotonic() + milliseconds * USEC_PER_MSEC;
        int never = 0;

        for (;;) {
                int slice = slice_until(deadline), r;

                if (d->gone || d->dead)
                        return USB_GONE;
                if (usb_device_cancelled(d))
                        return USB_CANCELLED;
                if (slice == 0)
                        return USB_OK;
                r = events_handle(d, slice, &never);
                if (r != USB_OK)
                        return r;
        }
}
