// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ladder: reset recovery as the class gives it (BOT 1.0, section 5.3.4), twice; then with a reset of the
 * port before it; then the device is dead. A command that passes puts the device on the ground again, a
 * bound on all steps of a docking remains. The cancel hook is not asked: a device in the middle of something
 * is left to nobody.
 */
#include "recorder/ums/bot_recovery.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <syslog.h>

#define CONTROL_MS   5000
#define PORT_MS      200 /* a device needs some time after a reset of its port (USB 2.0, section 7.1.7.5) */
#define GENTLE_STEPS 2

void bot_notice(struct bot *b, int priority, const char *text)
{
        if (b->notice)
                b->notice(b->userdata, priority, text);
}

static void flights_forget(struct bot *b)
{
        b->now = (struct bot_flight){0};
        b->sent = false;
}

int bot_reads_recall(struct bot *b)
{
        b->standing = 0;
        return b->transport->verbs->recall(b->transport);
}

int bot_halt_clear(struct bot *b)
{
        int r = bot_reads_recall(b);

        b->now.asked = b->now.command.size;
        return r == USB_OK ? b->transport->verbs->clear_halt_in(b->transport) : r;
}

/* USB_STALL: the device does not know the class request. Its pipes are clear all the same. */
static int reset_recovery(struct bot *b)
{
        int reset = b->transport->verbs->reset_class(b->transport, CONTROL_MS), clear;

        if (reset == USB_GONE)
                return reset;
        clear = b->transport->verbs->clear_halt(b->transport);
        return clear != USB_OK ? clear : reset;
}

static int port_reset(struct bot *b)
{
        int r = b->transport->verbs->reset_port(b->transport);

        if (r == USB_OK)
                r = b->transport->verbs->pause(b->transport, PORT_MS);
        if (r != USB_OK)
                return r;
        r = reset_recovery(b);
        return r == USB_STALL ? USB_OK : r;
}

static int step(struct bot *b)
{
        int r = USB_STALL;

        if (b->failures <= GENTLE_STEPS)
                r = reset_recovery(b);
        if (r != USB_OK && r != USB_GONE)
                r = port_reset(b);
        return r;
}

/* RECORDER_OK when the device is in step again, RECORDER_GONE, RECORDER_STALLED when it is dead. */
static int recover(struct bot *b, const char *why)
{
        char text[128];
        int r;

        flights_forget(b);
        if (bot_reads_recall(b) != USB_OK)
                return RECORDER_GONE;
        b->failures++;
        b->recoveries++;
        b->generation++;
        if (b->failures > b->limits.recoveries || b->recoveries > b->limits.all_recoveries) {
                b->dead = true;
                bot_notice(b, LOG_WARNING, "the device does not get in step again, giving up");
                return RECORDER_STALLED;
        }
        (void)snprintf(text, sizeof(text), "%s, resetting the device", why);
        bot_notice(b, LOG_NOTICE, text);
        b->transport->verbs->mask_cancel(b->transport, true);
        r = step(b);
        b->transport->verbs->mask_cancel(b->transport, false);
        b->doubtful = r != USB_OK; /* tried again before the next command, one step up */
        return r == USB_GONE ? RECORDER_GONE : RECORDER_OK;
}

int bot_settle(struct bot *b)
{
        int r;

        if (b->generation > 0)
                r = recover(b, "a command may be under way");
        else {
                b->generation = 1;
                r = reset_recovery(b);
                if (r == USB_OK || r == USB_STALL)
                        r = RECORDER_OK;
                else
                        r = r == USB_GONE        ? RECORDER_GONE
                            : r == USB_CANCELLED ? RECORDER_CANCELLED
                                                 : recover(b, "no answer to the first reset");
        }
        if (r != RECORDER_OK)
                return r;
        if (b->doubtful && b->generation > 1)
                return RECORDER_STALLED;
        b->doubtful = false;
        return RECORDER_OK;
}

int bot_break(struct bot *b, const char *fault)
{
        int r = recover(b, fault);

        return r == RECORDER_OK ? RECORDER_PROTOCOL : r;
}

int bot_fail(struct bot *b, int result, const char *missing)
{
        char text[96];
        int r;

        if (result == USB_GONE) {
                flights_forget(b);
                (void)bot_reads_recall(b);
                return RECORDER_GONE;
        }
        if (result == USB_CANCELLED) {
                /* Not known is whether the command went out. */
                flights_forget(b);
                b->doubtful = true;
                return bot_reads_recall(b) == USB_OK ? RECORDER_CANCELLED : RECORDER_GONE;
        }
        (void)snprintf(text, sizeof(text), "%s: %s", missing,
                       result < 0 ? "failure of this host" : usb_outcome_text(result));
        r = recover(b, text);
        if (r != RECORDER_OK)
                return r;
        if (result < 0)
                return result;
        return result == USB_OVERFLOW ? RECORDER_PROTOCOL : RECORDER_STALLED;
}

int bot_max_lun(struct bot *b, uint8_t *ret)
{
        uint8_t lun = 0;
        int r;

        if (b->dead)
                return RECORDER_STALLED;
        r = b->transport->verbs->get_max_lun(b->transport, &lun, CONTROL_MS);
        if (r == USB_GONE)
                return RECORDER_GONE;
        if (r == USB_CANCELLED)
                return RECORDER_CANCELLED;
        if (r < 0)
                return r;
        /* A device of one unit may stall; so do some of two, which then show one. */
        *ret = r == USB_OK && lun <= BOT_LUN_MAX ? lun : 0;
        return RECORDER_OK;
}
