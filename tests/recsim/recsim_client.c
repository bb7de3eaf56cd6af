// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * recsim-client: the smallest host that can read an object through libusb with several bulk reads in flight.
 * It is no model of recdock's own driver, and shares nothing with it: the simulator is proved with it, and
 * its throughput measured, before anything else relies on either.
 *
 *      recsim-client NODE HANDLE SIZE-OF-READ DEPTH [FILE]
 *
 * Opens the node as a sandboxed worker would (no discovery, descriptor wrapped), opens a session, reads the
 * object, prints "bytes=N mbps=N" and writes it to FILE. Exit status 0 complete, 3 the device is gone, 4
 * stall, 5 any other end.
 */

#include "recsim_buffer.h"
#include "recsim_codes.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIMEOUT_MS 5000
#define DEPTH_MAX  16

struct host {
        libusb_device_handle *handle;
        FILE *out;
        uint64_t expected; /* bytes of the data container, header included; 0 unknown yet */
        uint64_t received;
        unsigned int in_flight;
        bool ended;
        int status; /* enum libusb_transfer_status of the read that ended it */
};

static double now(void)
{
        struct timespec ts;

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int command_send(struct host *h, uint16_t op, uint32_t transaction, uint32_t param)
{
        struct recsim_buffer b = {0};
        int done = 0;
        int r;

        recsim_put_u32(&b, RECSIM_HEADER + 4);
        recsim_put_u16(&b, RECSIM_COMMAND);
        recsim_put_u16(&b, op);
        recsim_put_u32(&b, transaction);
        recsim_put_u32(&b, param);
        r = libusb_bulk_transfer(h->handle, 0x02, b.data, (int)b.size, &done, TIMEOUT_MS);
        recsim_buffer_clear(&b);
        return r;
}

static int response_read(struct host *h)
{
        uint8_t buf[1024];
        int done = 0;
        int r = libusb_bulk_transfer(h->handle, 0x81, buf, sizeof(buf), &done, TIMEOUT_MS);

        if (r == 0 && (done < (int)RECSIM_HEADER || recsim_get_u16(buf + 4) != RECSIM_RESPONSE))
                return LIBUSB_ERROR_OTHER;
        return r == 0 ? recsim_get_u16(buf + 6) : r;
}

static void take(struct host *h, const uint8_t *data, size_t n)
{
        size_t skip = 0;

        if (h->received == 0 && n >= RECSIM_HEADER) {
                h->expected = recsim_get_u32(data);
                skip = RECSIM_HEADER;
        }
        h->received += n;
        if (h->out && n > skip && fwrite(data + skip, 1, n - skip, h->out) != n - skip)
                h->ended = true;
}

static void LIBUSB_CALL on_read(struct libusb_transfer *t)
{
        struct host *h = t->user_data;

        h->in_flight--;
        if (h->ended)
                return;
        if (t->status != LIBUSB_TRANSFER_COMPLETED) {
                h->ended = true;
                h->status = t->status;
                return;
        }
        take(h, t->buffer, (size_t)t->actual_length);
        if (t->actual_length < t->length || (h->expected != UINT32_MAX && h->received >= h->expected))
                h->ended = true;
        else if (libusb_submit_transfer(t) == 0)
                h->in_flight++;
        else
                h->ended = true;
}

static int stream(struct host *h, libusb_context *context, size_t size, unsigned int depth)
{
        struct libusb_transfer *reads[DEPTH_MAX];

        for (unsigned int i = 0; i < depth; i++) {
                reads[i] = libusb_alloc_transfer(0);
                libusb_fill_bulk_transfer(reads[i], h->handle, 0x81, recsim_alloc(size), (int)size, on_read,
                                          h, TIMEOUT_MS);
                if (libusb_submit_transfer(reads[i]) == 0)
                        h->in_flight++;
        }
        while (!h->ended && h->in_flight > 0)
                (void)libusb_handle_events(context);
        for (unsigned int i = 0; i < depth; i++)
                (void)libusb_cancel_transfer(reads[i]);
        while (h->in_flight > 0)
                (void)libusb_handle_events(context);
        for (unsigned int i = 0; i < depth; i++) {
                free(reads[i]->buffer);
                libusb_free_transfer(reads[i]);
        }
        return h->status;
}

static int object_read(struct host *h, libusb_context *context, char **argv)
{
        size_t size = strtoul(argv[3], NULL, 10);
        unsigned int depth = (unsigned int)strtoul(argv[4], NULL, 10);
        double start;
        int r;

        r = command_send(h, OP_OPEN_SESSION, 0, 1);
        if (r == 0)
                r = response_read(h);
        if (r != RC_OK && r != RC_SESSION_ALREADY_OPEN)
                return r;
        r = command_send(h, OP_GET_OBJECT, 1, (uint32_t)strtoul(argv[2], NULL, 10));
        if (r != 0)
                return r;
        start = now();
        r = stream(h, context, size, MIN(depth, DEPTH_MAX));
        (void)printf("bytes=%llu mbps=%.0f\n",
                     (unsigned long long)(h->received > RECSIM_HEADER ? h->received - RECSIM_HEADER : 0),
                     (double)h->received / 1e6 / (now() - start));
        return r == LIBUSB_TRANSFER_COMPLETED ? RC_OK : r;
}

int main(int argc, char **argv)
{
        struct host h = {0};
        libusb_context *context = NULL;
        int fd = -1;
        int r;

        if (argc < 5) {
                (void)fputs("recsim-client NODE HANDLE SIZE-OF-READ DEPTH [FILE]\n", stderr);
                return 2;
        }
        h.out = argc > 5 ? fopen(argv[5], "we") : NULL;
        (void)libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
        r = libusb_init(&context);
        if (r == 0)
                fd = open(argv[1], O_RDWR | O_CLOEXEC);
        if (fd < 0 || libusb_wrap_sys_device(context, fd, &h.handle) != 0 ||
            libusb_claim_interface(h.handle, 0) != 0) {
                (void)fprintf(stderr, "recsim-client: %s: cannot be opened and claimed\n", argv[1]);
                return 5;
        }
        r = object_read(&h, context, argv);
        libusb_close(h.handle);
        libusb_exit(context);
        (void)close(fd);
        if (h.out && fclose(h.out) != 0)
                return 5;
        return r == RC_OK ? 0 : r == LIBUSB_TRANSFER_NO_DEVICE ? 3 : r == LIBUSB_TRANSFER_STALL ? 4 : 5;
}
