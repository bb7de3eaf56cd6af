// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * See clear_disk.h. Everything is looked up in sysfs and udev's database below the USB port. What the disk
 * itself says is read once: signature and serial number of the boot sector, to be compared.
 */
#include "daemon/clear/clear_disk.h"
#include "base/clock.h"
#include "base/text.h"
#include "daemon/clear/clear_flag.h"
#include "daemon/disk/disk_lock.h"
#include "daemon/disk/disk_node.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define SECTOR    512 /* sysfs counts in these, whatever the disk has */
#define BOOT_SIZE 512

enum { LOOK_AGAIN_MS = 100 };

struct clear_disk {
        char node[64];
        const char *type;
        int recorder;     /* its USB device, locked */
        int volume, disk; /* disk -EBADF: the volume is the whole disk */
        bool volume_lifted, disk_lifted;
};

/* --- looking it up --- */

static bool is_recorder(struct udev_device *usb, const struct clear_volume *v)
{
        char devnum[16], serial[DISK_SERIAL_MAX];

        (void)snprintf(devnum, sizeof(devnum), "%" PRIu32, v->devnum);
        disk_usb_serial(usb, serial);
        return disk_text_is(udev_device_get_property_value(usb, "ID_RECDOCK"), "ums") &&
               disk_text_is(udev_device_get_sysattr_value(usb, "devnum"), devnum) &&
               strcmp(serial, v->usb_serial) == 0;
}

static bool is_unit(struct udev_device *block, uint32_t unit)
{
        struct udev_device *scsi =
                        udev_device_get_parent_with_subsystem_devtype(block, "scsi", "scsi_device");
        const char *name = scsi ? udev_device_get_sysname(scsi) : NULL,
                   *lun = name ? strrchr(name, ':') : NULL;
        int64_t n;

        return lun && text_to_int64(lun + 1, &n) == 0 && n == unit;
}

static bool is_volume(struct udev_device *block, const struct clear_volume *v)
{
        bool whole = disk_text_is(udev_device_get_devtype(block), "disk");
        const char *start = whole ? "0" : udev_device_get_sysattr_value(block, "start");
        int64_t n;

        return udev_device_get_is_initialized(block) && is_unit(block, v->unit) && start &&
               text_to_int64(start, &n) == 0 && n == v->offset / SECTOR && v->offset % SECTOR == 0;
}

/* The block device below 'usb' that is the volume; NULL: not there yet. */
static struct udev_device *volume_find(struct udev *udev, struct udev_device *usb,
                                       const struct clear_volume *v)
{
        _cleanup_(udev_enumerate_unrefp) struct udev_enumerate *e = udev_enumerate_new(udev);
        struct udev_list_entry *entry;

        if (!e || udev_enumerate_add_match_subsystem(e, "block") < 0 ||
            udev_enumerate_add_match_parent(e, usb) < 0 || udev_enumerate_scan_devices(e) < 0)
                return NULL;
        udev_list_entry_foreach (entry, udev_enumerate_get_list_entry(e)) {
                _cleanup_(udev_device_unrefp) struct udev_device *block =
                                udev_device_new_from_syspath(udev, udev_list_entry_get_name(entry));

                if (block && is_volume(block, v))
                        return TAKE_PTR(block);
        }
        return NULL;
}

/* Anew each time: a libudev device is what it was when it was made. */
static int recorder_find(struct udev *udev, const struct clear_volume *v, struct udev_device **ret)
{
        _cleanup_(udev_device_unrefp) struct udev_device *usb =
                        udev_device_new_from_subsystem_sysname(udev, "usb", v->port);

        if (!usb)
                return -ENODEV;
        if (!is_recorder(usb, v))
                return -EPERM;
        *ret = TAKE_PTR(usb);
        return 0;
}

/* udev's events do not reach a unit without a network, so it is looked for again and again. */
static int volume_wait(struct udev *udev, const struct clear_volume *v, const struct peer *wait,
                       int64_t until, struct udev_device **ret)
{
        do {
                _cleanup_(udev_device_unrefp) struct udev_device *usb = NULL;
                int r = recorder_find(udev, v, &usb);

                if (r < 0)
                        return r;
                *ret = volume_find(udev, usb, v);
                if (*ret)
                        return 0;
                r = peer_wait(wait, false, LOOK_AGAIN_MS);
                if (r < 0)
                        return r;
        } while (clock_monotonic() < until);
        return -ETIME;
}

/* --- the boot sector --- */

static uint32_t get32(const uint8_t *p)
{
        return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* FAT32 is told by its 16-bit size of a FAT being 0 (FAT specification 1.03, section 3.5); serial numbers
 * are at 39, 67, and for exFAT at 100 (exFAT specification, section 3.1). */
static int type_judge(const uint8_t boot[BOOT_SIZE], uint32_t serial, const char **ret)
{
        bool exfat = memcmp(boot + 3, "EXFAT   ", 8) == 0, fat32 = boot[22] == 0 && boot[23] == 0;

        if (get32(boot + (exfat ? 100 : fat32 ? 67 : 39)) != serial)
                return -EPERM;
        *ret = exfat ? "exfat" : "vfat";
        return 0;
}

/* --- taking it --- */

/* Before anything is looked for: from now on no worker takes the disk from the kernel's driver. */
static int recorder_take(struct clear_disk *d, struct udev *udev, const struct clear_volume *v,
                         const struct peer *wait, int64_t until)
{
        _cleanup_(udev_device_unrefp) struct udev_device *usb = NULL;
        const char *node;
        int r = recorder_find(udev, v, &usb);

        if (r < 0)
                return r;
        node = udev_device_get_devnode(usb);
        d->recorder = node ? disk_lock(node, wait, disk_time_left(until)) : -ENODEV;
        return MIN(d->recorder, 0);
}

/* udev leaves a locked disk alone, and with it the flag. */
static int disk_take(struct clear_disk *d, struct udev_device *block, const struct peer *wait, int64_t until)
{
        d->volume = disk_node_open(block, O_RDONLY);
        if (d->volume < 0)
                return d->volume;
        (void)text_copy(d->node, sizeof(d->node), udev_device_get_devnode(block));
        if (disk_text_is(udev_device_get_devtype(block), "partition")) {
                d->disk = disk_node_open(udev_device_get_parent(block), O_RDONLY);
                if (d->disk < 0)
                        return d->disk;
        }
        return disk_lock_fd(d->disk >= 0 ? d->disk : d->volume, wait, disk_time_left(until));
}

static int volume_check(struct clear_disk *d, const struct clear_volume *v)
{
        uint8_t boot[BOOT_SIZE];

        if (pread(d->volume, boot, sizeof(boot), 0) != (ssize_t)sizeof(boot))
                return -EIO;
        return type_judge(boot, v->serial, &d->type);
}

static int flags_lift(struct clear_disk *d, struct udev_device *block)
{
        int r = 0;

        if (d->disk >= 0)
                r = clear_flag_lift(d->disk, udev_device_get_devnode(udev_device_get_parent(block)),
                                    &d->disk_lifted);
        return r < 0 ? r : clear_flag_lift(d->volume, d->node, &d->volume_lifted);
}

int clear_disk_open(struct clear_disk **ret, const struct clear_volume *v, const struct peer *wait,
                    int timeout_ms)
{
        _cleanup_(udev_unrefp) struct udev *udev = udev_new();
        _cleanup_(udev_device_unrefp) struct udev_device *block = NULL;
        _cleanup_(clear_disk_closep) struct clear_disk *d = calloc(1, sizeof(*d));
        int64_t until = clock_monotonic() + timeout_ms * USEC_PER_MSEC;
        int r;

        if (d)
                d->recorder = d->volume = d->disk = -EBADF;
        if (!udev || !d)
                return -ENOMEM;
        r = recorder_take(d, udev, v, wait, until);
        if (r == 0)
                r = volume_wait(udev, v, wait, until, &block);
        if (r == 0)
                r = disk_take(d, block, wait, until);
        if (r == 0)
                r = volume_check(d, v);
        if (r == 0)
                r = flags_lift(d, block);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(d);
        return 0;
}

const char *clear_disk_node(const struct clear_disk *d)
{
        return d->node;
}

const char *clear_disk_type(const struct clear_disk *d)
{
        return d->type;
}

int clear_disk_sync(struct clear_disk *d)
{
        return fsync(d->volume) < 0 ? -errno : 0;
}

int clear_disk_close(struct clear_disk *d)
{
        _cleanup_close_ int unused = d->type ? disk_node_open_unused(d->node, 0) : -EBADF;
        int r = d->type ? MIN(unused, 0) : 0, r2 = 0;

        if (d->volume_lifted)
                r2 = clear_flag_set(d->volume);
        if (d->disk_lifted && clear_flag_set(d->disk) < 0)
                r2 = -errno;
        if (r2 == 0)
                clear_flag_forget();
        (void)fd_close(d->volume);
        (void)fd_close(d->disk);
        (void)fd_close(d->recorder);
        free(d);
        return r < 0 ? r : r2;
}
