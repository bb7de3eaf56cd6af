// SPDX-License-Identifier: LGPL-2.1-or-later
/* See fake_libusb.h. The program's own functions come before those of the shared library. */
#include "fake_libusb.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct read {
        struct libusb_transfer *transfer;
        struct fake_step step;
        bool flying, finished, cancelled;
};

struct fake_libusb fake;

static struct read reads[FAKE_READS_MAX]; /* in the order of submission */
static uint64_t position;
static bool stopped;

void fake_libusb_reset(const struct fake_step *steps)
{
        fake = (struct fake_libusb){.steps = steps, .youngest_first = true};
        memset(reads, 0, sizeof(reads));
        position = 0;
        stopped = false;
}

uint8_t fake_byte(uint64_t at)
{
        return (uint8_t)(at ^ at >> 8 ^ at >> 16);
}

static void bytes_send(struct libusb_transfer *t, size_t size)
{
        for (size_t i = 0; i < size; i++)
                t->buffer[i] = fake_byte(position++);
        t->actual_length = (int)size;
}

/* A script that ends leaves the device silent. */
static struct fake_step step_take(void)
{
        static const struct fake_step silence = {.kind = FAKE_SILENT};

        if (fake.steps->kind == FAKE_SILENT && fake.steps->size == 0)
                return silence;
        return *fake.steps++;
}

/* The device serves its endpoint in order, up to the first read that it does not answer. */
static void device_run(void)
{
        for (unsigned int i = 0; i < fake.submitted && !stopped; i++) {
                struct read *r = &reads[i];

                if (!r->flying || r->finished || r->cancelled)
                        continue;
                r->transfer->status = LIBUSB_TRANSFER_COMPLETED;
                if (r->step.kind == FAKE_SILENT)
                        return;
                if (r->step.kind == FAKE_FULL)
                        bytes_send(r->transfer, (size_t)r->transfer->length);
                else
                        bytes_send(r->transfer, r->step.size);
                if (r->step.kind == FAKE_FAIL)
                        r->transfer->status = r->step.status;
                stopped = r->step.kind == FAKE_FAIL;
                r->finished = true;
        }
}

static void hand_back(struct read *r)
{
        r->flying = false;
        fake.flying--;
        r->transfer->callback(r->transfer);
}

static void finished_report(void)
{
        for (unsigned int i = 0; i < fake.submitted; i++) {
                struct read *r = &reads[fake.backwards ? fake.submitted - 1 - i : i];

                if (r->flying && r->finished)
                        hand_back(r);
        }
}

static unsigned int cancelled_report(void)
{
        unsigned int cancelled = 0, others = 0;

        for (unsigned int i = 0; i < fake.submitted; i++) {
                struct read *r = &reads[i];

                if (!r->flying)
                        continue;
                others += !r->cancelled;
                cancelled += r->cancelled;
                if (!r->cancelled || fake.keeps_cancelled)
                        continue;
                bytes_send(r->transfer, r->step.kind == FAKE_SILENT ? r->step.size : 0);
                r->transfer->status = LIBUSB_TRANSFER_CANCELLED;
                hand_back(r);
        }
        fake.waited_uncancelled |= cancelled > 0 && others > 0;
        return cancelled;
}

int LIBUSB_CALL libusb_handle_events_timeout_completed(libusb_context *context, struct timeval *tv,
                                                       int *completed)
{
        struct timespec wait = {.tv_sec = tv->tv_sec, .tv_nsec = tv->tv_usec * 1000};
        unsigned int before = fake.flying;

        (void)context;
        if (fake.event_error != 0)
                return fake.event_error;
        device_run();
        finished_report();
        (void)cancelled_report();
        if (fake.flying == before && !*completed)
                (void)nanosleep(&wait, NULL); /* as poll(2) would */
        return 0;
}

int LIBUSB_CALL libusb_submit_transfer(struct libusb_transfer *transfer)
{
        size_t size = (size_t)transfer->length;

        if ((fake.size_limit > 0 && size > fake.size_limit) ||
            (fake.read_limit > 0 && fake.flying >= fake.read_limit) ||
            (fake.submit_error != 0 && fake.size_limit == 0 && fake.read_limit == 0))
                return fake.submit_error;
        if (fake.submitted == FAKE_READS_MAX)
                abort();
        reads[fake.submitted] = (struct read){.transfer = transfer, .step = step_take(), .flying = true};
        transfer->actual_length = 0;
        fake.sizes[fake.submitted++] = size;
        fake.asked += size;
        if (++fake.flying > fake.flying_max)
                fake.flying_max = fake.flying;
        return 0;
}

int LIBUSB_CALL libusb_cancel_transfer(struct libusb_transfer *transfer)
{
        bool youngest = true;

        for (unsigned int i = fake.submitted; i-- > 0;) {
                struct read *r = &reads[i];

                if (!r->flying || r->cancelled)
                        continue;
                if (r->transfer == transfer) {
                        r->cancelled = true;
                        fake.cancelled++;
                        fake.youngest_first &= youngest;
                        return 0;
                }
                youngest = false;
        }
        return LIBUSB_ERROR_NOT_FOUND;
}

unsigned char *LIBUSB_CALL libusb_dev_mem_alloc(libusb_device_handle *handle, size_t size)
{
        (void)handle;
        if (fake.dev_mem == 0)
                return NULL;
        fake.dev_mem--;
        fake.dev_mem_held++;
        return malloc(size);
}

int LIBUSB_CALL libusb_dev_mem_free(libusb_device_handle *handle, unsigned char *memory, size_t size)
{
        (void)handle;
        (void)size;
        fake.dev_mem_held--;
        free(memory);
        return 0;
}
