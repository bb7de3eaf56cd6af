// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Bringing a device back in step. First what the class gives for it (CancelRequest, GetDeviceStatus: USB
 * Still Image Capture Device 1.0, section 5.2), then harder means, each of them reported. No step waits
 * longer than limits.drain_ms.
 */
#include "recorder/mtp/ptp_ladder.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "recorder/mtp/ptp_wire.h"

#include <stdio.h>
#include <syslog.h>

#define CLASS_OUT       0x21
#define CLASS_IN        0xa1
#define CONTROL_MS      1000
#define SILENCE_MS      150 /* a device that sends nothing for so long has stopped */
#define STATUS_TRIES    10
#define STATUS_PAUSE_MS 50
#define RESET_PAUSE_MS  200
#define DRAIN_READ      (32 * 1024)

static int class_request(struct ptp_session *s, uint8_t type, uint8_t request, void *data, uint16_t size,
                         size_t *ret)
{
        return s->transport->verbs->control(s->transport, type, request, data, size, ret,
                                            MIN(CONTROL_MS, s->limits.command_ms));
}

static int cancel_send(struct ptp_session *s, uint32_t id)
{
        uint8_t data[6];

        wire_put16(data, PTP_EVENT_CANCEL_TRANSACTION);
        wire_put32(data + 2, id);
        return class_request(s, CLASS_OUT, PTP_CLASS_CANCEL, data, sizeof(data), NULL);
}

/* Reads until the device is silent. False when it did not stop in time, or halted. */
static bool drain(struct ptp_session *s)
{
        _cleanup_free_ uint8_t *buf = malloc(DRAIN_READ);
        int64_t deadline = s->transport->verbs->now(s->transport) + s->limits.drain_ms * USEC_PER_MSEC;
        size_t size = DRAIN_READ - DRAIN_READ % s->transport->packet_size;

        s->carry_used = 0;
        while (buf && s->transport->verbs->now(s->transport) < deadline) {
                int64_t before = s->transport->verbs->now(s->transport);
                size_t n = 0;
                int r = s->transport->verbs->receive(s->transport, buf, size, &n, SILENCE_MS);

                if (r == USB_TIMEOUT)
                        return true;
                if (r != USB_OK)
                        return false;
                /* A clock that stands still would make this loop endless. */
                if (n == 0 && s->transport->verbs->now(s->transport) == before)
                        (void)s->transport->verbs->pause(s->transport, 1);
        }
        return false;
}

/* Asks until the device is ready; one that does not know the request is taken to be. */
static bool status_ready(struct ptp_session *s)
{
        for (unsigned int i = 0; i < STATUS_TRIES; i++) {
                uint8_t status[32];
                size_t n = 0;
                int r = class_request(s, CLASS_IN, PTP_CLASS_STATUS, status, sizeof(status), &n);

                if (r == USB_STALL)
                        return true;
                if (r != USB_OK || n < 4)
                        return false;
                if (wire_get16(status + 2) != PTP_DEVICE_BUSY)
                        return n == 4; /* more names endpoints that are halted */
                if (s->transport->verbs->pause(s->transport, STATUS_PAUSE_MS) != USB_OK)
                        return false;
        }
        return false;
}

static bool step_back(struct ptp_session *s, uint32_t id)
{
        if (s->quirks & QUIRK_NO_CANCEL)
                return drain(s);
        (void)cancel_send(s, id);
        return drain(s) && status_ready(s);
}

void ptp_ladder_abandon(struct ptp_session *s, uint32_t id)
{
        s->transport->verbs->mask_cancel(s->transport, true);
        s->dirty = !step_back(s, id);
        s->transport->verbs->mask_cancel(s->transport, false);
}

static void notice(struct ptp_session *s, const char *step)
{
        char text[160];

        if (!s->notice)
                return;
        (void)snprintf(text, sizeof(text), "recorder is out of step (%s), %s", recorder_outcome_text(s->why),
                       step);
        s->notice(s->userdata, LOG_NOTICE, text);
}

/* After a reset the device has forgotten the session, and maybe which handle was which object's. */
static int session_reopen(struct ptp_session *s)
{
        struct ptp_request q = {.code = PTP_OPEN_SESSION, .params = {1}, .n_params = 1};
        bool was_open = s->open;
        struct ptp_reply reply;
        int r;

        s->generation++;
        if (!was_open)
                return RECORDER_OK;
        s->open = false;
        r = ptp_transaction_once(s, &q, MIN(s->limits.command_ms, s->limits.stall_ms), &reply);
        if (r == RECORDER_OK && reply.code != PTP_OK && reply.code != PTP_SESSION_ALREADY_OPEN)
                r = RECORDER_STALLED;
        s->open = true;
        s->transaction = 0;
        return r;
}

int ptp_ladder_reopen(struct ptp_session *s)
{
        int r;

        s->recoveries++;
        s->why = RECORDER_PROTOCOL;
        notice(s, "opening its session again");
        s->transport->verbs->mask_cancel(s->transport, true);
        r = session_reopen(s);
        s->transport->verbs->mask_cancel(s->transport, false);
        return r == RECORDER_PROTOCOL ? RECORDER_STALLED : r;
}

static int step_clear_halt(struct ptp_session *s)
{
        int r;

        notice(s, "clearing its endpoints");
        r = s->transport->verbs->clear_halt(s->transport);
        if (r == USB_GONE)
                return RECORDER_GONE;
        return r == USB_OK && drain(s) ? RECORDER_OK : RECORDER_STALLED;
}

static int step_class_reset(struct ptp_session *s)
{
        int r;

        notice(s, "resetting its PTP interface");
        r = class_request(s, CLASS_OUT, PTP_CLASS_RESET, NULL, 0, NULL);
        if (r == USB_GONE)
                return RECORDER_GONE;
        if (r != USB_OK)
                return RECORDER_STALLED;
        (void)s->transport->verbs->pause(s->transport, RESET_PAUSE_MS);
        (void)s->transport->verbs->clear_halt(s->transport);
        if (!drain(s))
                return RECORDER_STALLED;
        return session_reopen(s);
}

static int step_usb_reset(struct ptp_session *s)
{
        int r;

        notice(s, "resetting it on the bus");
        r = s->transport->verbs->reset(s->transport);
        if (r == USB_GONE)
                return RECORDER_GONE;
        if (r != USB_OK)
                return RECORDER_STALLED;
        (void)s->transport->verbs->pause(s->transport, RESET_PAUSE_MS);
        (void)drain(s);
        return session_reopen(s);
}

/* Takes rungs until one helps. */
static int climb(struct ptp_session *s)
{
        static int (*const steps[])(struct ptp_session *) = {step_clear_halt, step_class_reset,
                                                             step_usb_reset};

        while (s->rung < ELEMENTSOF(steps) && s->recoveries < s->limits.recoveries) {
                unsigned int rung = s->rung++;
                int r;

                if (rung > 0 && (s->quirks & QUIRK_NO_RESET))
                        break;
                s->recoveries++;
                r = steps[rung](s);
                if (r == RECORDER_STALLED || r == RECORDER_PROTOCOL)
                        continue;
                if (r == RECORDER_OK) {
                        s->rung = rung + 1;
                        s->dirty = false;
                }
                return r;
        }
        /* The next operation may start the ladder anew, as long as the budget lasts: one bad file is not the
         * whole card. */
        s->rung = 0;
        s->dirty = true;
        if (s->recoveries >= s->limits.recoveries) {
                s->dead = true;
                notice(s, "giving it up until it is docked again");
        }
        return RECORDER_STALLED;
}

int ptp_session_recover(struct ptp_session *s, int why)
{
        int r;

        if (s->dead)
                return RECORDER_STALLED;
        s->why = why;
        s->transport->verbs->mask_cancel(s->transport, true);
        r = climb(s);
        s->transport->verbs->mask_cancel(s->transport, false);
        return r;
}
