// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recsim-reader: the smallest host that can read sectors of a USB disk through libusb. It shares nothing
 * with recdock's own driver: the simulator is proved with it before anything else relies on it.
 *
 *      recsim-reader NODE UNIT FIRST COUNT STEP [FILE]
 *
 * Opens the node as a sandboxed worker would, takes the interface from the kernel's driver, reads COUNT
 * sectors from FIRST on in commands of STEP sectors, each with its successor's wrapper queued behind it,
 * gives the interface back and prints "unit=VENDOR PRODUCT sectors=N size=N bytes=N mbps=N". Exit status 0
 * complete, 3 the device is gone, 4 stall, 5 any other end.
 */

#include "recsim_buffer.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIMEOUT_MS 5000
#define IN         0x81
#define OUT        0x02

struct host {
        libusb_device_handle *handle;
        libusb_context *context;
        uint8_t unit;
        uint32_t tag;
};

static double now(void)
{
        struct timespec ts;

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void wrapper_fill(const struct host *h, uint8_t cbw[31], uint32_t tag, const uint8_t *cdb,
                         uint32_t size)
{
        struct recsim_buffer b = {0};

        recsim_put_bytes(&b, "USBC", 4);
        recsim_put_u32(&b, tag);
        recsim_put_u32(&b, size);
        recsim_put_bytes(&b, (const uint8_t[]){0x80, h->unit, 16}, 3);
        recsim_put_bytes(&b, cdb, 16);
        memcpy(cbw, b.data, 31);
        recsim_buffer_clear(&b);
}

static int status_take(const uint8_t *csw, int n, uint32_t tag)
{
        if (n != 13 || memcmp(csw, "USBS", 4) != 0 || recsim_get_u32(csw + 4) != tag || csw[12] != 0)
                return LIBUSB_ERROR_OTHER;
        return 0;
}

/* One command with its data, nothing queued. */
static int command_run(struct host *h, const uint8_t cdb[16], uint8_t *data, uint32_t size)
{
        uint8_t cbw[31], csw[13];
        int done = 0;
        int r;

        wrapper_fill(h, cbw, ++h->tag, cdb, size);
        r = libusb_bulk_transfer(h->handle, OUT, cbw, sizeof(cbw), &done, TIMEOUT_MS);
        if (r == 0)
                r = libusb_bulk_transfer(h->handle, IN, data, (int)size, &done, TIMEOUT_MS);
        if (r == 0)
                r = libusb_bulk_transfer(h->handle, IN, csw, sizeof(csw), &done, TIMEOUT_MS);
        return r == 0 ? status_take(csw, done, h->tag) : r;
}

/* A READ (16) that is under way: three transfers in the order of the protocol. */
struct flight {
        struct libusb_transfer *part[3]; /* wrapper, data, status */
        uint8_t cbw[31], csw[13];
        uint8_t *data;
        uint32_t tag;
        int pending;
        int status; /* enum libusb_transfer_status of the first part that failed */
};

static void LIBUSB_CALL on_part(struct libusb_transfer *t)
{
        struct flight *f = t->user_data;

        f->pending--;
        if (t->status != LIBUSB_TRANSFER_COMPLETED && f->status == LIBUSB_TRANSFER_COMPLETED)
                f->status = t->status;
}

static int flight_start(struct host *h, struct flight *f, uint64_t first, uint32_t sectors, uint32_t size)
{
        struct recsim_buffer cdb = {0};
        uint8_t *const buffers[] = {f->cbw, f->data, f->csw};
        const int sizes[] = {31, (int)(sectors * size), 13};
        const uint8_t endpoints[] = {OUT, IN, IN};
        int r = 0;

        recsim_put_bytes(&cdb, (const uint8_t[]){0x88, 0}, 2);
        recsim_put_be64(&cdb, first);
        recsim_put_be32(&cdb, sectors);
        recsim_put_be16(&cdb, 0);
        f->tag = ++h->tag;
        f->status = LIBUSB_TRANSFER_COMPLETED;
        wrapper_fill(h, f->cbw, f->tag, cdb.data, sectors * size);
        recsim_buffer_clear(&cdb);
        for (int i = 0; r == 0 && i < 3; i++) {
                libusb_fill_bulk_transfer(f->part[i], h->handle, endpoints[i], buffers[i], sizes[i], on_part,
                                          f, TIMEOUT_MS);
                r = libusb_submit_transfer(f->part[i]);
                f->pending += r == 0;
        }
        return r;
}

/* 0, or what went wrong as an enum libusb_transfer_status; -1 for a status that is none. */
static int flight_wait(struct host *h, struct flight *f)
{
        while (f->pending > 0) {
                (void)libusb_handle_events(h->context);
                for (int i = 0; f->status != LIBUSB_TRANSFER_COMPLETED && f->pending > 0 && i < 3; i++)
                        (void)libusb_cancel_transfer(f->part[i]);
        }
        if (f->status != LIBUSB_TRANSFER_COMPLETED)
                return f->status;
        return status_take(f->csw, f->part[2]->actual_length, f->tag) == 0 ? 0 : -1;
}

static int sectors_read(struct host *h, char **argv, uint32_t size, FILE *out, uint64_t *ret_bytes)
{
        uint64_t next = strtoull(argv[3], NULL, 10), end = next + strtoull(argv[4], NULL, 10);
        uint32_t step = (uint32_t)strtoul(argv[5], NULL, 10);
        struct flight flights[2] = {0};
        uint32_t sectors[2] = {0};
        int r = 0;

        for (int i = 0; i < 2; i++) {
                flights[i].data = recsim_alloc((size_t)step * size);
                for (int k = 0; k < 3; k++)
                        flights[i].part[k] = libusb_alloc_transfer(0);
                sectors[i] = (uint32_t)MIN(step, end - next);
                r = sectors[i] > 0 && r == 0 ? flight_start(h, &flights[i], next, sectors[i], size) : r;
                next += sectors[i];
        }
        for (int i = 0; r == 0 && sectors[i] > 0; i ^= 1) {
                r = flight_wait(h, &flights[i]);
                if (r == 0 && out && fwrite(flights[i].data, size, sectors[i], out) != sectors[i])
                        r = -1;
                *ret_bytes += r == 0 ? (uint64_t)sectors[i] * size : 0;
                sectors[i] = (uint32_t)MIN(step, end - next);
                if (r == 0 && sectors[i] > 0)
                        r = flight_start(h, &flights[i], next, sectors[i], size);
                next += sectors[i];
        }
        for (int i = 0; i < 2; i++) {
                flights[i].status = flights[i].pending > 0 ? LIBUSB_TRANSFER_CANCELLED : flights[i].status;
                for (int k = 0; flights[i].pending > 0 && k < 3; k++)
                        (void)libusb_cancel_transfer(flights[i].part[k]);
                (void)flight_wait(h, &flights[i]);
                for (int k = 0; k < 3; k++)
                        libusb_free_transfer(flights[i].part[k]);
                free(flights[i].data);
        }
        return r;
}

static int disk_read(struct host *h, char **argv, FILE *out)
{
        static const uint8_t inquiry[16] = {0x12, 0, 0, 0, 36}, capacity[16] = {0x9E, 0x10, [13] = 32};
        uint8_t name[36] = {0}, told[32] = {0};
        uint64_t bytes = 0;
        double start;
        int r = command_run(h, inquiry, name, sizeof(name));

        if (r == 0)
                r = command_run(h, capacity, told, sizeof(told));
        if (r != 0)
                return r == LIBUSB_ERROR_NO_DEVICE ? LIBUSB_TRANSFER_NO_DEVICE
                       : r == LIBUSB_ERROR_PIPE    ? LIBUSB_TRANSFER_STALL
                                                   : -1;
        start = now();
        r = sectors_read(h, argv, recsim_get_be32(told + 8), out, &bytes);
        (void)printf("unit=%.24s sectors=%llu size=%u bytes=%llu mbps=%.0f\n", (char *)name + 8,
                     (unsigned long long)recsim_get_be64(told) + 1, recsim_get_be32(told + 8),
                     (unsigned long long)bytes, (double)bytes / 1e6 / (now() - start));
        return r;
}

int main(int argc, char **argv)
{
        struct host h = {0};
        FILE *out = NULL;
        int fd = -1;
        int r;

        if (argc < 6) {
                (void)fputs("recsim-reader NODE UNIT FIRST COUNT STEP [FILE]\n", stderr);
                return 2;
        }
        out = argc > 6 ? fopen(argv[6], "we") : NULL;
        h.unit = (uint8_t)strtoul(argv[2], NULL, 10);
        (void)libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
        r = libusb_init(&h.context);
        if (r == 0)
                fd = open(argv[1], O_RDWR | O_CLOEXEC);
        if (fd < 0 || libusb_wrap_sys_device(h.context, fd, &h.handle) != 0 ||
            libusb_set_auto_detach_kernel_driver(h.handle, 1) != 0 ||
            libusb_claim_interface(h.handle, 0) != 0) {
                (void)fprintf(stderr, "recsim-reader: %s: cannot be opened and claimed\n", argv[1]);
                return 5;
        }
        r = disk_read(&h, argv, out);
        (void)libusb_release_interface(h.handle, 0);
        libusb_close(h.handle);
        libusb_exit(h.context);
        (void)close(fd);
        if (out && fclose(out) != 0)
                return 5;
        return r == 0 ? 0 : r == LIBUSB_TRANSFER_NO_DEVICE ? 3 : r == LIBUSB_TRANSFER_STALL ? 4 : 5;
}
