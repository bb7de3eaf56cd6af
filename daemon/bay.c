// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The list of bays, and what plugging in and out means for them: an announcement of what is already docked
 * is ignored, a new device on an occupied port means that a removal was missed. What a device is by its
 * interfaces is judged here too, whatever udev's rule thinks of it.
 */
#include "daemon/bay.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/registry.h"
#include "daemon/config.h"
#include "daemon/docking.h"
#include "daemon/event.h"
#include "daemon/medium_presence.h"
#include "daemon/station_internal.h"
#include "daemon/watch.h"
#include "rules/usb_kind.h"

#include <string.h>

static void bay_free(struct bay *b)
{
        free(b->name);
        free(b->port);
        free(b);
}

DEFINE_CLEANUP(struct bay *, bay_free);

static struct bay *bay_find(struct station *s, const char *port)
{
        for (struct bay *b = s->bays; b; b = b->next)
                if (strcmp(b->port, port) == 0)
                        return b;
        return NULL;
}

static struct bay *bay_add(struct station *s, const char *name, const char *port)
{
        _cleanup_(bay_freep) struct bay *b = calloc(1, sizeof(*b));
        struct bay **tail = &s->bays;

        if (!b)
                return NULL;
        b->name = strdup(name);
        b->port = strdup(port);
        if (!b->name || !b->port)
                return NULL;
        while (*tail)
                tail = &(*tail)->next;
        *tail = b;
        return TAKE_PTR(b);
}

struct bay *bay_for_port(struct station *s, const char *port)
{
        struct bay *b = bay_find(s, port);

        return b ? b : bay_add(s, port, port);
}

static int bay_rename(struct bay *b, const char *name)
{
        char *copy = strdup(name);

        if (!copy)
                return -ENOMEM;
        free(b->name);
        b->name = copy;
        return 0;
}

static void stranger_forget(struct station *s, struct bay *b);

int bays_configure(struct station *s)
{
        for (struct bay *b = s->bays; b; b = b->next)
                b->configured = false;
        for (struct config_bay *c = s->config->bays; c; c = c->next) {
                struct bay *b = bay_find(s, c->port);

                if (!b)
                        b = bay_add(s, c->name, c->port);
                if (!b || bay_rename(b, c->name) < 0)
                        return -ENOMEM;
                b->configured = true;
        }
        for (struct bay *b = s->bays; b; b = b->next) {
                if (!b->configured && bay_rename(b, b->port) < 0)
                        return -ENOMEM;
                if (!b->configured || strcmp(b->stranger_subject + strlen("bay/"), b->name) != 0)
                        stranger_forget(s,
                                        b); /* whoever reads the configuration looks at all devices again */
        }
        return 0;
}

void bays_free(struct station *s)
{
        while (s->bays) {
                struct bay *b = s->bays;

                s->bays = b->next;
                bay_free(b);
        }
}

/* --- what is no recorder --- */

static const char unknown_device[] = "unknown-device", suspicious_device[] = "suspicious-device";

static void stranger_forget(struct station *s, struct bay *b)
{
        if (b->stranger == 0)
                return;
        b->stranger = 0;
        station_alert_clear(s, b->stranger_kind, b->stranger_subject);
}

static const char *kind_text(unsigned int kind)
{
        if ((kind & USB_KIND_INPUT) && (kind & USB_KIND_NETWORK))
                return "a keyboard or another input device, and a network card";
        if (kind & USB_KIND_INPUT)
                return "a keyboard or another input device";
        return kind & USB_KIND_NETWORK ? "a network card" : "a disk that is no registered recorder";
}

static void stranger_note(struct station *s, struct bay *b, const struct watch_device *device,
                          unsigned int kind)
{
        bool suspicious = kind & USB_KIND_SUSPICIOUS;
        const char *alert = suspicious ? suspicious_device : unknown_device;
        struct event_subject subject = {.bay = b->name, .alert = alert};
        char serial[128];

        if (b->stranger == device->devnum && b->stranger_kind == alert)
                return;
        stranger_forget(s, b);
        docking_serial(device, serial);
        b->stranger = device->devnum;
        b->stranger_kind = alert;
        (void)snprintf(b->stranger_subject, sizeof(b->stranger_subject), "bay/%.48s", b->name);
        event_log(suspicious ? EVENT_DEVICE_REFUSED : EVENT_DEVICE_LEFT_ALONE, &subject,
                  "bay %s: %04x:%04x, serial '%s', is %s: it is %s", b->name, device->vendor_id,
                  device->product_id, serial, kind_text(kind), suspicious ? "refused" : "left alone");
        station_alert(s, alert, suspicious ? LOG_ERR : LOG_WARNING, b->stranger_subject,
                      "%04x:%04x, serial '%s', is %s%s", device->vendor_id, device->product_id, serial,
                      kind_text(kind),
                      suspicious ? ": it is refused, take it out and find out whose it is"
                                 : ": it is left alone; 'recdockctl recorder register NUMBER --usb-serial "
                                   "SERIAL --vendor-id … --product-id …', then plugging it in again, admits "
                                   "it");
}

/* A device in whose place something else is now, or that udev has thought better of, is no stranger. */
static bool device_is_stranger(struct station *s, const struct watch_device *device)
{
        unsigned int kind = usb_kind_of(device->interfaces);
        bool recorder = device->driver[0] != '\0', suspicious = kind & USB_KIND_SUSPICIOUS;
        struct bay *b = recorder && suspicious ? bay_for_port(s, device->port) : bay_find(s, device->port);

        if (recorder && !suspicious) {
                if (b)
                        stranger_forget(s, b);
                return false;
        }
        if (!b || (!recorder && !b->configured) || (kind & USB_KIND_HUB))
                return true; /* whose business it is to have a keyboard */
        if (!suspicious && medium_is_at(s, device->port))
                return true;
        if (kind & (USB_KIND_DISK | USB_KIND_SUSPICIOUS))
                stranger_note(s, b, device, kind);
        return true;
}

void bay_has_medium(struct station *s, const char *port)
{
        struct bay *b = bay_find(s, port);

        if (b && b->stranger_kind == unknown_device)
                stranger_forget(s, b);
}

void bays_settle_alerts(struct station *s)
{
        for (struct bay *b = s->bays; b; b = b->next) {
                char subject[sizeof(b->stranger_subject)];

                (void)snprintf(subject, sizeof(subject), "bay/%.48s", b->name);
                if (b->stranger == 0 || b->stranger_kind != unknown_device)
                        station_alert_clear(s, unknown_device, subject);
                if (b->stranger == 0 || b->stranger_kind != suspicious_device)
                        station_alert_clear(s, suspicious_device, subject);
        }
}

/* --- recorders --- */

/*
 * A recorder that switches from its own mode to a disk leaves and comes back as another product, a moment
 * later and on the same port: that is one docking. The same product is a recorder that was taken out and put
 * in again.
 */
static bool device_came_back(struct station *s, const struct bay *b, const struct watch_device *device)
{
        struct recorder_row recorder;
        char serial[128];

        if (b->left.docking == 0 || clock_monotonic() - b->left.at > s->config->switch_timeout ||
            (b->left.vendor_id == device->vendor_id && b->left.product_id == device->product_id))
                return false;
        docking_serial(device, serial);
        if (serial[0] && strcmp(serial, b->left.usb_serial) == 0)
                return true;
        return b->left.recorder > 0 &&
               station_check(s,
                             recorder_by_serial(s->catalogue, device->vendor_id, device->product_id, serial,
                                                "", &recorder),
                             "look up a recorder") == CATALOGUE_OK &&
               recorder.id == b->left.recorder;
}

static void bay_left(struct bay *b, const struct docking *d)
{
        b->left.docking = d->row.id;
        b->left.at = clock_monotonic();
        b->left.recorder = d->row.recorder;
        b->left.vendor_id = d->row.vendor_id;
        b->left.product_id = d->row.product_id;
        (void)text_copy(b->left.usb_serial, sizeof(b->left.usb_serial), d->row.usb_serial);
}

static void bay_vacate(struct bay *b)
{
        bay_left(b, b->docking);
        docking_unplug(b->docking);
}

static bool driver_is_ours(const char *driver)
{
        return strcmp(driver, "mtp") == 0 || strcmp(driver, "ums") == 0;
}

void station_device_added(struct station *s, const struct watch_device *device)
{
        struct bay *b;
        int r;

        if (s->stopping || device_is_stranger(s, device))
                return;
        if (!driver_is_ours(device->driver)) {
                log_warning("port %s: ID_RECDOCK='%s' is no driver, expected mtp or ums, leaving it alone",
                            device->port, device->driver);
                return;
        }
        b = bay_for_port(s, device->port);
        if (!b) {
                log_error("out of memory, not docking what is on port '%s'", device->port);
                return;
        }
        if (b->docking && b->docking->devnum == device->devnum)
                return;
        if (b->docking)
                bay_vacate(b);
        if (device_came_back(s, b, device))
                r = docking_continue(s, b, b->left.docking, device);
        else
                r = docking_start(s, b, device);
        b->left.docking = 0;
        if (r < 0)
                log_error("bay %s: could not start a docking: %s, waiting for the next plug", b->name,
                          log_errno_text(r));
}

void station_device_removed(struct station *s, const char *port)
{
        struct bay *b = bay_find(s, port);

        if (!b)
                return;
        stranger_forget(s, b);
        if (b->docking)
                bay_vacate(b);
}
