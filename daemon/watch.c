// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libudev monitor on sd-event. A full dock powering up is a flood of events: the receive buffer is large,
 * and when the kernel drops some all the same (ENOBUFS), the truth is enumerated again instead of being
 * guessed.
 */
#include "daemon/watch.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/bay.h"
#include "daemon/disc_presence.h"
#include "daemon/docking.h"
#include "daemon/medium_presence.h"
#include "daemon/station.h"

#include <libudev.h>
#include <string.h>
#include <sys/epoll.h>

#define SECTOR UINT64_C(512) /* sysfs counts in these, whatever the disk has */

enum { RECEIVE_BUFFER = 128 * 1024 * 1024 };

struct watch {
        struct station *station;
        struct udev *udev;
        struct udev_monitor *monitor;
        sd_event_source *source;
};

DEFINE_CLEANUP(struct watch *, watch_stop);
DEFINE_CLEANUP(struct udev_device *, udev_device_unref);
DEFINE_CLEANUP(struct udev_enumerate *, udev_enumerate_unref);

static const char *property(struct udev_device *d, const char *name)
{
        const char *v = udev_device_get_property_value(d, name);

        return v ? v : "";
}

/* The rule takes ID_USB_INTERFACES away from recorders, and keeps it under a name of ours. */
static const char *interfaces_of(struct udev_device *d)
{
        const char *ours = property(d, "ID_RECDOCK_INTERFACES");

        return ours[0] ? ours : property(d, "ID_USB_INTERFACES");
}

/* True for a device whose node udev has finished with, which is when it has properties; its facts then are
 * in *ret. */
static bool device_describe(struct udev_device *d, struct watch_device *ret)
{
        const char *node = udev_device_get_devnode(d), *driver = property(d, "ID_RECDOCK");
        const char *number = udev_device_get_sysattr_value(d, "devnum");
        const char *serial = udev_device_get_sysattr_value(d, "serial");

        if (!node || (driver[0] == '\0' && interfaces_of(d)[0] == '\0'))
                return false;
        *ret = (struct watch_device){
                        .syspath = udev_device_get_syspath(d),
                        .node = node,
                        .port = udev_device_get_sysname(d),
                        .driver = driver,
                        .interfaces = interfaces_of(d),
                        .serial = serial ? serial : property(d, "ID_SERIAL_SHORT"),
                        .vendor_id = (uint16_t)strtoul(property(d, "ID_VENDOR_ID"), NULL, 16),
                        .product_id = (uint16_t)strtoul(property(d, "ID_MODEL_ID"), NULL, 16),
                        .devnum = number ? (unsigned int)strtoul(number, NULL, 10) : 0,
        };
        return true;
}

static void device_announce(struct watch *w, struct udev_device *d)
{
        struct watch_device device;

        if (device_describe(d, &device))
                station_device_added(w->station, &device);
}

/* --- media --- */

/* True for a block device that the rule has marked. */
static bool medium_describe(struct udev_device *d, struct watch_medium *ret)
{
        struct udev_device *usb = udev_device_get_parent_with_subsystem_devtype(d, "usb", "usb_device");
        const char *size = udev_device_get_sysattr_value(d, "size");

        if (!usb || strcmp(property(d, "ID_RECDOCK_MEDIUM"), "1") != 0 ||
            property(d, "ID_FS_UUID")[0] == '\0')
                return false;
        *ret = (struct watch_medium){
                        .syspath = udev_device_get_syspath(d),
                        .uuid = property(d, "ID_FS_UUID"),
                        .fs_type = property(d, "ID_FS_TYPE"),
                        .port = udev_device_get_sysname(usb),
                        .capacity = size ? strtoull(size, NULL, 10) * SECTOR : 0,
        };
        return true;
}

/* True for an optical drive, and what is in it. */
static bool disc_describe(struct udev_device *d, enum watch_disc *ret)
{
        if (property(d, "ID_CDROM")[0] == '\0' || !udev_device_get_devnode(d))
                return false;
        if (property(d, "ID_CDROM_MEDIA")[0] == '\0')
                *ret = WATCH_DISC_NONE;
        else if (strcmp(property(d, "ID_CDROM_MEDIA_STATE"), "blank") == 0)
                *ret = WATCH_DISC_BLANK;
        else
                *ret = WATCH_DISC_SOME;
        return true;
}

/* What is a medium no more is gone: there is another file system on it, or it was retired. */
static void block_dispatch(struct watch *w, struct udev_device *d, bool removed)
{
        struct watch_medium medium;
        enum watch_disc disc;

        if (disc_describe(d, &disc))
                station_disc_seen(w->station, udev_device_get_devnode(d), removed ? WATCH_DISC_NONE : disc);
        else if (!removed && medium_describe(d, &medium))
                station_medium_appeared(w->station, &medium);
        else
                station_medium_gone(w->station, udev_device_get_syspath(d));
}

static bool medium_is_still_there(void *userdata, const char *syspath)
{
        struct watch *w = userdata;
        _cleanup_(udev_device_unrefp) struct udev_device *d = udev_device_new_from_syspath(w->udev, syspath);
        struct watch_medium medium;

        return d && medium_describe(d, &medium);
}

static int watch_enumerate(struct watch *w, const char *subsystem, struct udev_enumerate **ret)
{
        _cleanup_(udev_enumerate_unrefp) struct udev_enumerate *e = udev_enumerate_new(w->udev);
        int r;

        if (!e)
                return -ENOMEM;
        r = udev_enumerate_add_match_subsystem(e, subsystem);
        if (r >= 0)
                r = udev_enumerate_scan_devices(e);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(e);
        return 0;
}

static int media_enumerate(struct watch *w)
{
        _cleanup_(udev_enumerate_unrefp) struct udev_enumerate *e = NULL;
        struct udev_list_entry *entry;
        int r = watch_enumerate(w, "block", &e);

        if (r < 0)
                return r;
        media_reconcile(w->station, medium_is_still_there, w);
        discs_reconcile(w->station);
        udev_list_entry_foreach (entry, udev_enumerate_get_list_entry(e)) {
                _cleanup_(udev_device_unrefp) struct udev_device *d =
                                udev_device_new_from_syspath(w->udev, udev_list_entry_get_name(entry));

                if (d)
                        block_dispatch(w, d, false);
        }
        return 0;
}

/* --- recorders, and what else is on USB --- */

static bool is_usb_device(struct udev_device *d)
{
        const char *type = udev_device_get_devtype(d);

        return type && strcmp(type, "usb_device") == 0;
}

/* Is this plugging-in, port and device number, still there? */
static bool still_present(struct watch *w, struct udev_list_entry *list, const char *port,
                          unsigned int devnum)
{
        struct udev_list_entry *entry;

        udev_list_entry_foreach (entry, list) {
                _cleanup_(udev_device_unrefp) struct udev_device *d =
                                udev_device_new_from_syspath(w->udev, udev_list_entry_get_name(entry));
                struct watch_device device;

                if (d && is_usb_device(d) && device_describe(d, &device) && strcmp(device.port, port) == 0)
                        return device.devnum == devnum;
        }
        return false;
}

int watch_reconcile(struct watch *w)
{
        _cleanup_(udev_enumerate_unrefp) struct udev_enumerate *e = NULL;
        struct udev_list_entry *list, *entry;
        int r = media_enumerate(w); /* first: a disk that is a medium is no stranger in a bay */

        if (r >= 0)
                r = watch_enumerate(w, "usb", &e);
        if (r < 0)
                return r;
        list = udev_enumerate_get_list_entry(e);
        for (struct bay *b = w->station->bays, *next; b; b = next) {
                next = b->next;
                if ((b->docking && !still_present(w, list, b->port, b->docking->devnum)) ||
                    (b->stranger && !still_present(w, list, b->port, b->stranger)))
                        station_device_removed(w->station, b->port);
        }
        udev_list_entry_foreach (entry, list) {
                _cleanup_(udev_device_unrefp) struct udev_device *d =
                                udev_device_new_from_syspath(w->udev, udev_list_entry_get_name(entry));

                if (d && is_usb_device(d))
                        device_announce(w, d);
        }
        return 0;
}

static void monitor_dispatch(struct watch *w, struct udev_device *d)
{
        const char *action = udev_device_get_action(d), *subsystem = udev_device_get_subsystem(d);

        if (action && subsystem && strcmp(subsystem, "block") == 0)
                block_dispatch(w, d, strcmp(action, "remove") == 0);
        if (!action || !is_usb_device(d))
                return;
        if (strcmp(action, "remove") == 0)
                station_device_removed(w->station, udev_device_get_sysname(d));
        else if (strcmp(action, "add") == 0 || strcmp(action, "change") == 0 || strcmp(action, "bind") == 0)
                device_announce(w, d);
}

static int monitor_on_event(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        struct watch *w = userdata;

        for (;;) {
                _cleanup_(udev_device_unrefp) struct udev_device *d = NULL;

                errno = 0;
                d = udev_monitor_receive_device(w->monitor);
                if (d) {
                        monitor_dispatch(w, d);
                        continue;
                }
                if (errno == ENOBUFS) {
                        int r;

                        log_warning("udev events were lost, enumerating what is plugged in");
                        r = watch_reconcile(w);
                        if (r < 0)
                                log_error("could not enumerate devices: %s, going on with the events "
                                          "there are",
                                          log_errno_text(r));
                        continue;
                }
                return 0;
        }
}

static int monitor_open(struct watch *w)
{
        int r;

        w->udev = udev_new();
        if (!w->udev)
                return -ENOMEM;
        w->monitor = udev_monitor_new_from_netlink(w->udev, "udev");
        if (!w->monitor)
                return -ENOMEM;
        r = udev_monitor_filter_add_match_subsystem_devtype(w->monitor, "usb", "usb_device");
        if (r >= 0)
                r = udev_monitor_filter_add_match_subsystem_devtype(w->monitor, "block", NULL);
        if (r < 0)
                return r;
        /* More than net.core.rmem_max needs CAP_NET_ADMIN; without it the kernel gives what is allowed. */
        (void)udev_monitor_set_receive_buffer_size(w->monitor, RECEIVE_BUFFER);
        return udev_monitor_enable_receiving(w->monitor);
}

int watch_start(struct watch **ret, struct station *s)
{
        _cleanup_(watch_stopp) struct watch *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        w->station = s;
        r = monitor_open(w);
        if (r < 0)
                return r;
        r = sd_event_add_io(s->event, &w->source, udev_monitor_get_fd(w->monitor), EPOLLIN, monitor_on_event,
                            w);
        if (r >= 0)
                r = sd_event_source_set_priority(w->source, PRIORITY_UDEV);
        if (r >= 0)
                r = watch_reconcile(w);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}

void watch_stop(struct watch *w)
{
        if (!w)
                return;
        sd_event_source_disable_unref(w->source);
        udev_monitor_unref(w->monitor);
        udev_unref(w->udev);
        free(w);
}
