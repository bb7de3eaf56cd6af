// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * See medium_disk.h. Found by udev's database, taken by locks (disk_lock.h), then looked at again with our
 * own eyes: the order is what makes the second look count.
 */
#include "daemon/medium/medium_disk.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/disk/disk_lock.h"
#include "daemon/disk/disk_node.h"
#include "daemon/medium/medium_registry.h"
#include "daemon/medium/medium_request.h"
#include "daemon/medium/medium_why.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { LOOK_AGAIN_MS = 100 };

static const int64_t unmount_timeout = 10 * USEC_PER_SEC; /* the kernel writes what it has in memory first */
static const int64_t last_close_timeout = 2 * USEC_PER_SEC;

struct medium_disk {
        struct udev *udev;
        struct udev_device *block;
        struct udev_device *usb; /* borrowed of 'block' */
        char node[64];
        int usb_lock; /* its USB device, locked */
        int disk, fd; /* the whole disk, locked; the volume, which may be the same once more */
        int unused;   /* nobody else can open it for himself */
        struct medium_content content;
};

/* What is looked for. */
struct wanted {
        const char *uuid; /* NULL: a whole disk */
        const struct medium_place *place;
        int64_t until;
        const struct peer *peer;
        struct medium_failed *why;
};

void medium_disk_close(struct medium_disk *d)
{
        if (!d)
                return;
        (void)fd_close(d->unused);
        (void)fd_close(d->fd);
        (void)fd_close(d->disk);
        (void)fd_close(d->usb_lock);
        udev_device_unref(d->block);
        udev_unref(d->udev);
        free(d);
}

/* --- finding it --- */

static bool is_at(struct udev_device *block, const struct medium_place *p)
{
        struct udev_device *usb = disk_usb_of(block);
        dev_t number = udev_device_get_devnum(block);

        if (p->port[0] && (!usb || !disk_text_is(udev_device_get_sysname(usb), p->port)))
                return false;
        return (p->major == 0 && p->minor == 0) || (major(number) == p->major && minor(number) == p->minor);
}

static bool is_wanted(struct udev_device *block, const struct wanted *w)
{
        const char *size = udev_device_get_sysattr_value(block, "size");
        int64_t sectors;

        if (!udev_device_get_is_initialized(block) || !is_at(block, w->place))
                return false;
        if (w->uuid)
                return disk_text_is(udev_device_get_property_value(block, "ID_FS_UUID"), w->uuid);
        return disk_text_is(udev_device_get_devtype(block), "disk") && size &&
               text_to_int64(size, &sectors) == 0 && sectors > 0; /* a card reader's empty slot has none */
}

static int blocks_list(struct udev *udev, struct udev_enumerate **ret)
{
        _cleanup_(udev_enumerate_unrefp) struct udev_enumerate *e = udev_enumerate_new(udev);

        if (!e)
                return -ENOMEM;
        if (udev_enumerate_add_match_subsystem(e, "block") < 0 || udev_enumerate_scan_devices(e) < 0)
                return -EIO;
        *ret = TAKE_PTR(e);
        return 0;
}

/* 0 with *ret NULL: there is none. */
static int block_find(struct udev *udev, const struct wanted *w, struct udev_device **ret)
{
        _cleanup_(udev_enumerate_unrefp) struct udev_enumerate *e = NULL;
        _cleanup_(udev_device_unrefp) struct udev_device *found = NULL;
        struct udev_list_entry *entry;
        int r = blocks_list(udev, &e);

        if (r < 0)
                return medium_refuse(w->why, r, "udev does not say what disks there are");
        udev_list_entry_foreach (entry, udev_enumerate_get_list_entry(e)) {
                _cleanup_(udev_device_unrefp) struct udev_device *block =
                                udev_device_new_from_syspath(udev, udev_list_entry_get_name(entry));

                if (!block || !is_wanted(block, w))
                        continue;
                if (found)
                        return medium_refuse(w->why, -ENOTUNIQ, "%s and %s are both what is asked for",
                                             udev_device_get_sysname(found), udev_device_get_sysname(block));
                found = TAKE_PTR(block);
        }
        *ret = TAKE_PTR(found);
        return 0;
}

/* udev's events do not reach a unit without a network, so it is looked for again and again. */
static int block_wait(struct medium_disk *d, const struct wanted *w)
{
        int r;

        do {
                r = block_find(d->udev, w, &d->block);
                if (r < 0 || d->block)
                        return r;
                r = peer_wait(w->peer, false, LOOK_AGAIN_MS);
                if (r < 0)
                        return r;
        } while (clock_monotonic() < w->until);
        return w->uuid ? medium_refuse(w->why, -ENODEV, "no disk with the file system %s is plugged in",
                                       w->uuid)
                       : medium_refuse(w->why, -ENODEV, "no disk is plugged in at %s", w->place->port);
}

/* --- whether it may be one --- */

static unsigned int usb_number(struct udev_device *usb, const char *name)
{
        const char *text = udev_device_get_sysattr_value(usb, name);

        return text ? (unsigned int)strtoul(text, NULL, 16) : 0;
}

static bool is_marked(struct udev_device *d)
{
        const char *driver = udev_device_get_property_value(d, "ID_RECDOCK");

        return driver && driver[0];
}

/* By udev's rule, and by the registry, which may be newer than the last event of the disk. */
static int recorder_refuse(struct medium_disk *d, struct medium_failed *why)
{
        char serial[DISK_SERIAL_MAX];
        int r;

        disk_usb_serial(d->usb, serial);
        r = medium_registry_has_recorder((uint16_t)usb_number(d->usb, "idVendor"),
                                         (uint16_t)usb_number(d->usb, "idProduct"), serial);
        if (r < 0)
                return medium_refuse(why, r, "cannot see which recorders are registered");
        return r > 0 || is_marked(d->usb) || is_marked(d->block)
                               ? medium_refuse(why, -EPERM, "%s is a recorder, serial '%s'", d->node, serial)
                               : 0;
}

static int kind_refuse(struct medium_disk *d, struct medium_failed *why)
{
        if (!text_copy(d->node, sizeof(d->node), udev_device_get_devnode(d->block)))
                return -ENAMETOOLONG;
        d->usb = disk_usb_of(d->block);
        if (!d->usb)
                return medium_refuse(why, -EPERM, "%s is no removable disk: it hangs from no USB port",
                                     d->node);
        return recorder_refuse(d, why);
}

/* --- taking it --- */

static int locks_take(struct medium_disk *d, const struct wanted *w)
{
        const char *node = udev_device_get_devnode(d->usb);
        bool whole = disk_text_is(udev_device_get_devtype(d->block), "disk");
        int r = d->usb_lock = node ? disk_lock(node, w->peer, disk_time_left(w->until)) : -ENODEV;

        if (r >= 0)
                r = d->disk = disk_node_open(whole ? d->block : udev_device_get_parent(d->block), O_RDONLY);
        if (r >= 0)
                r = disk_lock_fd(d->disk, w->peer, disk_time_left(w->until));
        if (r >= 0)
                r = d->fd = disk_node_open(d->block, O_RDONLY);
        if (r == -EBUSY)
                return medium_refuse(w->why, r, "somebody else works with %s", d->node);
        return r < 0 && r != -EPIPE && r != -ECANCELED ? medium_refuse(w->why, r, "%s cannot be opened: %s",
                                                                       d->node, log_errno_text(r))
                                                       : MIN(r, 0);
}

static int use_refuse(struct medium_disk *d, const struct wanted *w)
{
        int read_only = 0, r;

        if (ioctl(d->fd, BLKROGET, &read_only) < 0)
                return medium_refuse(w->why, -errno, "%s does not answer: %s", d->node,
                                     log_errno_text(-errno));
        if (read_only)
                return medium_refuse(w->why, -EROFS, "%s is write-protected", d->node);
        d->unused = disk_node_open_unused(d->node, unmount_timeout);
        if (d->unused < 0)
                return medium_refuse(w->why, d->unused, "%s is mounted, or in use in another way", d->node);
        r = medium_content_look(d->fd, &d->content);
        return r < 0 ? medium_refuse(w->why, r, "%s cannot be read: %s", d->node, log_errno_text(r)) : 0;
}

static int disk_take(struct medium_disk **ret, const struct wanted *w)
{
        _cleanup_(medium_disk_closep) struct medium_disk *d = calloc(1, sizeof(*d));
        int r;

        if (!d)
                return -ENOMEM;
        d->usb_lock = d->disk = d->fd = d->unused = -EBADF;
        d->udev = udev_new();
        if (!d->udev)
                return -ENOMEM;
        r = block_wait(d, w);
        if (r == 0)
                r = kind_refuse(d, w->why);
        if (r == 0)
                r = locks_take(d, w);
        if (r == 0)
                r = use_refuse(d, w);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(d);
        return 0;
}

int medium_disk_open_volume(struct medium_disk **ret, const char *uuid, const struct medium_place *place,
                            const struct peer *peer, int timeout_ms, struct medium_failed *why)
{
        const struct wanted wanted = {.uuid = uuid,
                                      .place = place,
                                      .until = clock_monotonic() + timeout_ms * USEC_PER_MSEC,
                                      .peer = peer,
                                      .why = why};
        _cleanup_(medium_disk_closep) struct medium_disk *d = NULL;
        int r = medium_registry_has(uuid);

        if (r <= 0)
                return r < 0 ? medium_refuse(why, r, "cannot see which media are registered")
                             : medium_refuse(why, -EPERM, "%s is no registered medium", uuid);
        r = disk_take(&d, &wanted);
        if (r < 0)
                return r;
        if (strcmp(d->content.uuid, uuid) != 0)
                return medium_refuse(why, -ESTALE, "%s holds the file system '%s', not %s", d->node,
                                     d->content.uuid, uuid);
        *ret = TAKE_PTR(d);
        return 0;
}

/* --- what may be lost --- */

/* Calls 'on_uuid' for the file systems that udev has found on partitions; stops at what is not 0. */
static int partitions_each(struct medium_disk *d, int (*on_uuid)(const char *uuid, const char *word),
                           const char *word)
{
        _cleanup_(udev_enumerate_unrefp) struct udev_enumerate *e = udev_enumerate_new(d->udev);
        struct udev_list_entry *entry;
        int r = 0;

        if (!e)
                return -ENOMEM;
        if (udev_enumerate_add_match_subsystem(e, "block") < 0 ||
            udev_enumerate_add_match_parent(e, d->block) < 0 || udev_enumerate_scan_devices(e) < 0)
                return -EIO;
        udev_list_entry_foreach (entry, udev_enumerate_get_list_entry(e)) {
                _cleanup_(udev_device_unrefp) struct udev_device *part =
                                udev_device_new_from_syspath(d->udev, udev_list_entry_get_name(entry));
                const char *uuid = part ? udev_device_get_property_value(part, "ID_FS_UUID") : NULL;

                if (r == 0 && uuid && uuid[0])
                        r = on_uuid(uuid, word);
        }
        return r;
}

static int on_registered(const char *uuid, const char *word)
{
        return medium_uuid_is_valid(uuid) ? medium_registry_has(uuid) : 0;
}

static int on_same(const char *uuid, const char *word)
{
        return strcasecmp(uuid, word) == 0;
}

/* Copies of what must be kept for long are never overwritten, whatever anybody types. */
static int registered_refuse(struct medium_disk *d, struct medium_failed *why)
{
        int r = d->content.uuid[0] ? on_registered(d->content.uuid, NULL) : 0;

        if (r == 0)
                r = partitions_each(d, on_registered, NULL);
        if (r < 0)
                return medium_refuse(why, r, "cannot see which media are registered");
        return r > 0 ? medium_refuse(why, -EPERM, "%s holds a registered medium: it must be retired first",
                                     d->node)
                     : 0;
}

static bool force_is_right(struct medium_disk *d, const char *force, const char *serial)
{
        const struct medium_content *c = &d->content;

        return force[0] && (strcmp(force, serial) == 0 || strcasecmp(force, c->uuid) == 0 ||
                            strcasecmp(force, c->table_uuid) == 0 || partitions_each(d, on_same, force) > 0);
}

static int loss_refuse(struct medium_disk *d, const char *force, struct medium_failed *why)
{
        const struct medium_content *c = &d->content;
        const char *holds = c->type[0] ? c->type : c->table_type[0] ? c->table_type : "something unclear";
        char serial[DISK_SERIAL_MAX];

        disk_usb_serial(d->usb, serial);
        if (!c->anything || force_is_right(d, force, serial))
                return 0;
        return medium_refuse(why, -EEXIST,
                             "%s, serial '%s', is not empty: it holds %s%s%s; all of it would be lost%s",
                             d->node, serial, holds, c->uuid[0] || c->table_uuid[0] ? " " : "",
                             c->uuid[0] ? c->uuid : c->table_uuid,
                             force[0] ? ", and what was typed is neither its serial nor a UUID on it" : "");
}

int medium_disk_open_whole(struct medium_disk **ret, const struct medium_place *place, const char *force,
                           const struct peer *peer, int timeout_ms, struct medium_failed *why)
{
        const struct wanted wanted = {.place = place,
                                      .until = clock_monotonic() + timeout_ms * USEC_PER_MSEC,
                                      .peer = peer,
                                      .why = why};
        _cleanup_(medium_disk_closep) struct medium_disk *d = NULL;
        int r = disk_take(&d, &wanted);

        if (r == 0)
                r = registered_refuse(d, why);
        if (r == 0)
                r = loss_refuse(d, force, why);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(d);
        return 0;
}

/* --- having it --- */

const char *medium_disk_node(const struct medium_disk *d)
{
        return d->node;
}

int medium_disk_fd(const struct medium_disk *d)
{
        return d->fd;
}

const struct medium_content *medium_disk_content(const struct medium_disk *d)
{
        return &d->content;
}

int medium_disk_facts(struct medium_disk *d, struct medium_facts *ret)
{
        dev_t number = udev_device_get_devnum(d->block);
        struct medium_facts f = {.major = major(number), .minor = minor(number)};
        int r = medium_content_look(d->fd, &d->content);

        if (r < 0)
                return r;
        if (ioctl(d->fd, BLKGETSIZE64, &f.size) < 0)
                return -errno;
        (void)text_copy(f.uuid, sizeof(f.uuid), d->content.uuid);
        (void)text_copy(f.type, sizeof(f.type), d->content.type);
        (void)text_copy(f.port, sizeof(f.port), udev_device_get_sysname(d->usb));
        disk_usb_serial(d->usb, f.serial);
        *ret = f;
        return 0;
}

void medium_disk_share(struct medium_disk *d)
{
        (void)flock(d->disk, LOCK_UN);
}

void medium_disk_yield(struct medium_disk *d)
{
        d->unused = fd_close(d->unused);
}

int medium_disk_flush(struct medium_disk *d)
{
        int r = fsync(d->fd) < 0 ? -errno : 0;

        if (r < 0)
                return r;
        d->unused = disk_node_open_unused(d->node, last_close_timeout);
        return MIN(d->unused, 0);
}
