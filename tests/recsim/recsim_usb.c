// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Endpoint 0 of the simulated recorder: the requests of USB 2.0, chapter 9, those of its class, and the
 * Microsoft OS descriptor by which hosts find an MTP interface of vendor class.
 */

#include "recsim_descriptor.h"
#include "recsim_operation.h"
#include "recsim_ums.h"

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

#define VENDOR_REQUEST 0x42

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

static bool image_request(struct recsim *r, uint8_t request, struct recsim_buffer *b)
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

static bool class_request(struct recsim *r, const uint8_t *setup, struct recsim_buffer *b)
{
        if (r->vendor_mode)
                return false;
        if (!r->ums)
                return image_request(r, setup[1], b);
        if (setup[4] != 0) /* of the interface beside the disk: whatever a host wants of it is fine */
                return (setup[0] & 0x80) == 0;
        return recsim_ums_request(r, setup[1], b);
}

/* The still image class halts both pipes at once; of a disk each has its own halt. */
static bool is_halted(const struct recsim *r, uint8_t endpoint)
{
        if (!r->ums)
                return r->pipe.halted || r->out_halted;
        return endpoint == RECSIM_ENDPOINT_IN ? r->pipe.halted : r->out_halted;
}

static bool standard_request(struct recsim *r, const uint8_t *setup, struct recsim_buffer *b)
{
        switch (setup[1]) {
        case GET_DESCRIPTOR:
                return recsim_put_descriptor(r, b, setup[3], setup[2]);
        case GET_CONFIGURATION:
                recsim_put_u8(b, 1);
                return true;
        case GET_INTERFACE:
                recsim_put_u8(b, setup[4] == 0 ? r->alternate : 0);
                return true;
        case GET_STATUS:
                recsim_put_u16(b, setup[0] == 0x82 && is_halted(r, setup[4]) ? 1 : 0);
                return true;
        case CLEAR_FEATURE:
                if (setup[0] == 0x02)
                        recsim_clear_halt(r, setup[4]);
                return true;
        case SET_CONFIGURATION:
                return true;
        case SET_INTERFACE:
                return recsim_set_alternate(r, setup[4], setup[2]);
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
                known = class_request(r, setup, &b);
        else if (!r->ums && setup[1] == VENDOR_REQUEST && recsim_get_u16(setup + 4) == 4) {
                put_compatible_id(&b);
                known = true;
        }
        n = (setup[0] & 0x80) ? (int)MIN(b.size, length) : (int)length;
        if (known && (setup[0] & 0x80) && n > 0)
                memcpy(data, b.data, (size_t)n);
        recsim_buffer_clear(&b);
        return known ? n : -EPIPE;
}
