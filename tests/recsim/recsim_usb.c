// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Endpoint 0 of the simulated recorder: descriptors (USB 2.0, chapter 9; USB 3.2 companions), the requests
 * of the still image class, and the Microsoft OS descriptor by which hosts find an MTP interface of vendor
 * class.
 */

#include "recsim.h"
#include "recsim_operation.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

enum {
        GET_STATUS = 0,
        CLEAR_FEATURE = 1,
        GET_DESCRIPTOR = 6,
        GET_CONFIGURATION = 8,
        SET_CONFIGURATION = 9,
        GET_INTERFACE = 10,
        SET_INTERFACE = 11,
};

enum {
        DESCRIPTOR_DEVICE = 1,
        DESCRIPTOR_CONFIGURATION = 2,
        DESCRIPTOR_TEXT = 3,
        DESCRIPTOR_BOS = 15,
};

#define VENDOR_REQUEST 0x42

static void put_device_descriptor(const struct recsim *r, struct recsim_buffer *b)
{
        bool super = r->profile.speed == RECSIM_SUPER;

        recsim_put_u8(b, 18);
        recsim_put_u8(b, DESCRIPTOR_DEVICE);
        recsim_put_u16(b, super ? 0x0300 : 0x0200);
        recsim_put_u8(b, 0); /* class: by interface */
        recsim_put_u8(b, 0);
        recsim_put_u8(b, 0);
        recsim_put_u8(b, super ? 9 : 64);
        recsim_put_u16(b, (uint16_t)r->profile.vendor);
        recsim_put_u16(b, (uint16_t)r->profile.product);
        recsim_put_u16(b, 0x0100);
        recsim_put_u8(b, 1); /* manufacturer, product, serial: indices of texts */
        recsim_put_u8(b, 2);
        recsim_put_u8(b, 3);
        recsim_put_u8(b, 1);
}

static void put_endpoint(const struct recsim *r, struct recsim_buffer *b, uint8_t address, bool interrupt)
{
        recsim_put_u8(b, 7);
        recsim_put_u8(b, 5);
        recsim_put_u8(b, address);
        recsim_put_u8(b, interrupt ? 3 : 2);
        recsim_put_u16(b, interrupt ? 28 : (uint16_t)recsim_packet_size(r));
        recsim_put_u8(b, interrupt ? 6 : 0);
        if (r->profile.speed != RECSIM_SUPER)
                return;
        recsim_put_u8(b, 6); /* companion */
        recsim_put_u8(b, 0x30);
        recsim_put_u8(b, interrupt ? 0 : 15);
        recsim_put_u8(b, 0);
        recsim_put_u16(b, interrupt ? 28 : 0);
}

static void put_configuration(const struct recsim *r, struct recsim_buffer *b)
{
        size_t start = b->size;

        recsim_put_u8(b, 9);
        recsim_put_u8(b, DESCRIPTOR_CONFIGURATION);
        recsim_put_u16(b, 0); /* total, below */
        recsim_put_u8(b, 1);
        recsim_put_u8(b, 1);
        recsim_put_u8(b, 0);
        recsim_put_u8(b, 0xC0);
        recsim_put_u8(b, 0xFA);
        recsim_put_u8(b, 9);
        recsim_put_u8(b, 4);
        recsim_put_u8(b, 0);
        recsim_put_u8(b, 0);
        recsim_put_u8(b, 3);
        recsim_put_u8(b, r->profile.vendor_class ? 0xFF : 6);
        recsim_put_u8(b, r->profile.vendor_class ? 0xFF : 1);
        recsim_put_u8(b, r->profile.vendor_class ? 0 : 1);
        recsim_put_u8(b, 4);
        put_endpoint(r, b, RECSIM_ENDPOINT_IN, false);
        put_endpoint(r, b, RECSIM_ENDPOINT_OUT, false);
        put_endpoint(r, b, RECSIM_ENDPOINT_EVENT, true);
        b->data[start + 2] = (uint8_t)(b->size - start);
        b->data[start + 3] = (uint8_t)((b->size - start) >> 8);
}

static void put_text_descriptor(struct recsim_buffer *b, const char *text)
{
        size_t n = MIN(strlen(text), 126);

        recsim_put_u8(b, (uint8_t)(2 + 2 * n));
        recsim_put_u8(b, DESCRIPTOR_TEXT);
        for (size_t i = 0; i < n; i++)
                recsim_put_u16(b, (uint8_t)text[i]);
}

static bool put_text(const struct recsim *r, struct recsim_buffer *b, uint8_t index)
{
        const char *const texts[] = {NULL, r->profile.manufacturer, r->profile.model, r->profile.serial,
                                     "MTP"};

        if (index == 0) { /* languages: English */
                recsim_put_u8(b, 4);
                recsim_put_u8(b, DESCRIPTOR_TEXT);
                recsim_put_u16(b, 0x0409);
        } else if (index == 0xEE) {
                put_text_descriptor(b, "MSFT100B"); /* 'B' is VENDOR_REQUEST */
        } else if (index < ELEMENTSOF(texts)) {
                put_text_descriptor(b, texts[index]);
        } else {
                return false;
        }
        return true;
}

size_t recsim_descriptors(const struct recsim *r, uint8_t *buf, size_t room)
{
        struct recsim_buffer b = {0};
        size_t n;

        put_device_descriptor(r, &b);
        put_configuration(r, &b);
        n = MIN(b.size, room);
        memcpy(buf, b.data, n);
        recsim_buffer_clear(&b);
        return n;
}

static bool put_descriptor(const struct recsim *r, struct recsim_buffer *b, uint8_t type, uint8_t index)
{
        switch (type) {
        case DESCRIPTOR_DEVICE:
                put_device_descriptor(r, b);
                return true;
        case DESCRIPTOR_CONFIGURATION:
                put_configuration(r, b);
                return index == 0;
        case DESCRIPTOR_TEXT:
                return put_text(r, b, index);
        case DESCRIPTOR_BOS:
                if (r->profile.speed != RECSIM_SUPER)
                        return false;
                recsim_put_bytes(b, (const uint8_t[]){5, DESCRIPTOR_BOS, 5, 0, 0}, 5);
                return true;
        default:
                return false;
        }
}

/* Extended compat id (Microsoft OS Descriptors 1.0): interface 0 is MTP. */
static void put_compatible_id(struct recsim_buffer *b)
{
        static const uint8_t id[] = {
                        40,  0, 0, 0, 0x00, 0x01, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'M', 'T',
                        'P', 0, 0, 0, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   0,
        };

        recsim_put_bytes(b, id, sizeof(id));
}

/* Still Image Capture Device 1.0, 5.2.4: the status of the device, and which endpoints are halted. */
static void put_status(const struct recsim *r, struct recsim_buffer *b)
{
        bool halted = r->pipe.halted || r->out_halted;

        recsim_put_u16(b, halted ? 12 : 4);
        recsim_put_u16(b, r->muted ? RC_DEVICE_BUSY : halted ? 0x201F : RC_OK);
        if (halted) {
                recsim_put_u32(b, RECSIM_ENDPOINT_IN);
                recsim_put_u32(b, RECSIM_ENDPOINT_OUT);
        }
}

static void class_cancel(struct recsim *r)
{
        r->stats.cancels++;
        if (recsim_faults_due(&r->faults, FAULT_CANCEL_IGNORED, &(struct recsim_occasion){0}))
                return;
        recsim_pipe_flush(&r->pipe);
        r->has_pending = false;
        r->muted = false;
}

static bool class_request(struct recsim *r, uint8_t request, struct recsim_buffer *b)
{
        switch (request) {
        case REQUEST_CANCEL:
                class_cancel(r);
                return true;
        case REQUEST_RESET:
                r->stats.class_resets++;
                recsim_reset(r);
                r->stats.resets--;
                return true;
        case REQUEST_STATUS:
                put_status(r, b);
                return true;
        default:
                return false;
        }
}

static bool standard_request(struct recsim *r, const uint8_t *setup, struct recsim_buffer *b)
{
        switch (setup[1]) {
        case GET_DESCRIPTOR:
                return put_descriptor(r, b, setup[3], setup[2]);
        case GET_CONFIGURATION:
                recsim_put_u8(b, 1);
                return true;
        case GET_INTERFACE:
                recsim_put_u8(b, 0);
                return true;
        case GET_STATUS:
                recsim_put_u16(b, setup[0] == 0x82 && (r->pipe.halted || r->out_halted) ? 1 : 0);
                return true;
        case CLEAR_FEATURE:
                if (setup[0] == 0x02)
                        recsim_clear_halt(r, setup[4]);
                return true;
        case SET_CONFIGURATION:
        case SET_INTERFACE:
                return true;
        default:
                return false;
        }
}

int recsim_control(struct recsim *r, const uint8_t *setup, uint8_t *data)
{
        struct recsim_buffer b = {0};
        size_t length = recsim_get_u16(setup + 6);
        bool known = false;
        int n;

        if (r->gone)
                return -ENODEV;
        if ((setup[0] & 0x60) == 0)
                known = standard_request(r, setup, &b);
        else if ((setup[0] & 0x60) == 0x20)
                known = class_request(r, setup[1], &b);
        else if (setup[1] == VENDOR_REQUEST && recsim_get_u16(setup + 4) == 4) {
                put_compatible_id(&b);
                known = true;
        }
        n = (setup[0] & 0x80) ? (int)MIN(b.size, length) : (int)length;
        if (known && (setup[0] & 0x80) && n > 0)
                memcpy(data, b.data, (size_t)n);
        recsim_buffer_clear(&b);
        return known ? n : -EPIPE;
}
