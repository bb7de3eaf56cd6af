// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A burner for programs that know none of it: preloaded, it makes /dev/sr0 of the iSCSI unit that
 * RECDOCK_DRIVE names (iscsi://HOST:PORT/NAME/LUN, of tgtd), by passing SG_IO on through libiscsi. It is
 * also where a medium breaks: RECDOCK_DRIVE_FAULTS is a list of WORD@SECTOR, with commas.
 * A disc that was written to is not blank any more, whether it was closed or not, which tgt forgets: it is
 * told by RECDOCK_DRIVE_IMAGE, the file behind the disc. Faults are:
 *
 *   write-error  from this sector on writing fails with a medium error
 *   read-error   this sector cannot be read
 *   flip         this sector reads as other bytes
 *   lost         what is written to this sector never arrives, and nobody is told
 *   yank         when this sector is written, there is no disc any more
 *   gone         when this sector is written, there is no drive any more
 *   gone-read    when it is read
 *   room         the blank disc has so many sectors
 *   open         the disc cannot be closed: of every sector, so that the number says nothing
 *   slow         each write takes so many milliseconds
 */
/* Both open() and open64() are to be here. */
#undef _FILE_OFFSET_BITS

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>
#include <linux/cdrom.h>
#include <pthread.h>
#include <scsi/scsi.h>
#include <scsi/scsi_ioctl.h>
#include <scsi/sg.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define NODE "/dev/sr0"

enum {
        SECTOR = 2048,
        OP_READ_10 = 0x28,
        OP_READ_12 = 0xa8,
        OP_WRITE_10 = 0x2a,
        OP_WRITE_12 = 0xaa,
        OP_DISC_INFORMATION = 0x51,
        OP_TRACK_INFORMATION = 0x52,
        OP_RESERVE_TRACK = 0x53,
        OP_CLOSE = 0x5b,
        KEY_NOT_READY = 2,
        KEY_MEDIUM_ERROR = 3,
        ASC_WRITE_ERROR = 0x0c00,
        ASC_READ_ERROR = 0x1100,
        ASC_NO_MEDIUM = 0x3a00,
        FDS_MAX = 1024,
};

int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);
int close(int fd);
int ioctl(int fd, unsigned long request, ...);
int stat(const char *path, struct stat *ret);
int stat64(const char *path, struct stat64 *ret);
int __xstat(int version, const char *path, struct stat *ret);
int __open_2(const char *path, int flags);

static struct {
        pthread_mutex_t lock;
        struct iscsi_context *iscsi;
        int lun;
        bool is_ours[FDS_MAX], yanked, gone;
} drive = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The sector of a fault, -1 without it. */
static int64_t fault(const char *word)
{
        const char *list = getenv("RECDOCK_DRIVE_FAULTS");

        while (list && *list) {
                size_t n = strcspn(list, "@,");

                if (n == strlen(word) && strncmp(list, word, n) == 0)
                        return list[n] == '@' ? atoll(list + n + 1) : 0;
                list += strcspn(list, ",");
                list += *list == ',';
        }
        return -1;
}

static bool unit_connect(void)
{
        const char *url = getenv("RECDOCK_DRIVE");
        struct iscsi_url *u;

        if (drive.iscsi)
                return true;
        if (!url)
                return false;
        drive.iscsi = iscsi_create_context("iqn.2026-11.test.recdock:preload");
        u = drive.iscsi ? iscsi_parse_full_url(drive.iscsi, url) : NULL;
        if (u) {
                (void)iscsi_set_targetname(drive.iscsi, u->target);
                (void)iscsi_set_session_type(drive.iscsi, ISCSI_SESSION_NORMAL);
                drive.lun = u->lun;
                if (iscsi_full_connect_sync(drive.iscsi, u->portal, u->lun) == 0) {
                        iscsi_destroy_url(u);
                        return true;
                }
                (void)fprintf(stderr, "drive_preload: %s: %s\n", url, iscsi_get_error(drive.iscsi));
                iscsi_destroy_url(u);
        }
        if (drive.iscsi)
                (void)iscsi_destroy_context(drive.iscsi);
        drive.iscsi = NULL;
        return false;
}

static int node_open(void)
{
        int fd = -1;

        (void)pthread_mutex_lock(&drive.lock);
        if (!drive.gone && unit_connect())
                fd = memfd_create("sr0", MFD_CLOEXEC);
        if (fd >= FDS_MAX) {
                (void)((int (*)(int))dlsym(RTLD_NEXT, "close"))(fd);
                fd = -1;
        }
        if (fd >= 0)
                drive.is_ours[fd] = true;
        else
                errno = ENXIO;
        (void)pthread_mutex_unlock(&drive.lock);
        return fd;
}

static int other_open(const char *name, const char *path, int flags, mode_t mode)
{
        int (*next)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name);

        return next(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
        va_list ap;
        mode_t mode;

        va_start(ap, flags);
        mode = va_arg(ap, mode_t);
        va_end(ap);
        return strcmp(path, NODE) == 0 ? node_open() : other_open("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
        va_list ap;
        mode_t mode;

        va_start(ap, flags);
        mode = va_arg(ap, mode_t);
        va_end(ap);
        return strcmp(path, NODE) == 0 ? node_open() : other_open("open64", path, flags, mode);
}

/* What a fortified program calls. */
int __open_2(const char *path, int flags)
{
        return open(path, flags, 0);
}

int close(int fd)
{
        int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "close");

        if (fd >= 0 && fd < FDS_MAX)
                drive.is_ours[fd] = false;
        return next(fd);
}

static bool node_stat(const char *path, mode_t *mode, dev_t *rdev)
{
        if (strcmp(path, NODE) != 0)
                return false;
        *mode = S_IFBLK | 0660;
        *rdev = makedev(11, 0);
        return true;
}

int stat(const char *path, struct stat *ret)
{
        int (*next)(const char *, struct stat *) =
                        (int (*)(const char *, struct stat *))dlsym(RTLD_NEXT, "stat");
        struct stat st = {0};

        if (!node_stat(path, &st.st_mode, &st.st_rdev))
                return next(path, ret);
        *ret = st;
        return 0;
}

int stat64(const char *path, struct stat64 *ret)
{
        int (*next)(const char *, struct stat64 *) =
                        (int (*)(const char *, struct stat64 *))dlsym(RTLD_NEXT, "stat64");
        struct stat64 st = {0};

        if (!node_stat(path, &st.st_mode, &st.st_rdev))
                return next(path, ret);
        *ret = st;
        return 0;
}

/* What stat() was before glibc 2.33, for libraries that were built with that. */
int __xstat(int version, const char *path, struct stat *ret)
{
        (void)version;
        return stat(path, ret);
}

static void sense_set(struct sg_io_hdr *h, unsigned int key, unsigned int asc)
{
        unsigned char sense[18] = {0x70, 0, (unsigned char)key, 0, 0, 0, 0, 10};

        sense[12] = (unsigned char)(asc >> 8);
        sense[13] = (unsigned char)asc;
        h->status = CHECK_CONDITION << 1;
        h->driver_status = 8; /* sense is there */
        h->sb_len_wr = h->mx_sb_len < sizeof(sense) ? h->mx_sb_len : sizeof(sense);
        memcpy(h->sbp, sense, h->sb_len_wr);
}

static int64_t big_endian(const unsigned char *b, size_t n)
{
        int64_t value = 0;

        for (size_t i = 0; i < n; i++)
                value = value << 8 | b[i];
        return value;
}

/* The sectors that a command reads or writes. */
static bool command_range(const unsigned char *c, int64_t *from, int64_t *to)
{
        switch (c[0]) {
        case OP_READ_10:
        case OP_WRITE_10:
                *from = big_endian(c + 2, 4);
                *to = *from + big_endian(c + 7, 2);
                return true;
        case OP_READ_12:
        case OP_WRITE_12:
                *from = big_endian(c + 2, 4);
                *to = *from + big_endian(c + 6, 4);
                return true;
        default:
                return false;
        }
}

static void wait_ms(int64_t ms)
{
        const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

        if (ms > 0)
                (void)nanosleep(&t, NULL);
}

/* Before a command goes out. 1 when it is answered already, -1 when there is no drive. */
static int fault_before(struct sg_io_hdr *h, int64_t from, int64_t to, bool writes)
{
        int64_t at;

        if (writes) {
                wait_ms(fault("slow"));
                at = fault("gone");
                drive.gone = drive.gone || (at >= 0 && to > at);
                at = fault("yank");
                drive.yanked = drive.yanked || (at >= 0 && to > at);
        } else {
                at = fault("gone-read");
                drive.gone = drive.gone || (at >= 0 && from <= at && to > at);
        }
        if (drive.gone)
                return -1;
        at = fault(writes ? "write-error" : "read-error");
        if (at >= 0 && to > at && (writes || from <= at)) {
                sense_set(h, KEY_MEDIUM_ERROR, writes ? ASC_WRITE_ERROR : ASC_READ_ERROR);
                return 1;
        }
        at = fault("lost");
        if (writes && at >= from && at < to)
                memset((char *)h->dxferp + (at - from) * SECTOR, 0, SECTOR);
        return 0;
}

static void fault_after(struct sg_io_hdr *h, int64_t from, int64_t to)
{
        int64_t at = fault("flip");

        if (at >= from && at < to)
                ((unsigned char *)h->dxferp)[(at - from) * SECTOR + 7] ^= 0x10;
}

/* READ TRACK INFORMATION: free blocks. */
static void track_shrink(struct sg_io_hdr *h)
{
        int64_t room = fault("room");

        for (int i = 0; room >= 0 && i < 4 && h->dxfer_len >= 20; i++)
                ((unsigned char *)h->dxferp)[16 + i] = (unsigned char)(room >> (24 - 8 * i));
}

/* READ DISC INFORMATION: the disc and its last session are incomplete. */
static void disc_begin(struct sg_io_hdr *h)
{
        const char *image = getenv("RECDOCK_DRIVE_IMAGE");
        unsigned char *b = h->dxferp;
        struct stat st;

        if (image && h->dxfer_len >= 3 && (b[2] & 3) == 0 && stat(image, &st) == 0 && st.st_size > 0)
                b[2] = (unsigned char)((b[2] & ~0xf) | 5);
}

static int unit_command(struct sg_io_hdr *h)
{
        int direction = h->dxfer_direction == SG_DXFER_TO_DEV     ? SCSI_XFER_WRITE
                        : h->dxfer_direction == SG_DXFER_FROM_DEV ? SCSI_XFER_READ
                                                                  : SCSI_XFER_NONE;
        struct iscsi_data data = {.size = h->dxfer_len, .data = h->dxferp};
        struct scsi_task *task = scsi_create_task(h->cmd_len, h->cmdp, direction, (int)h->dxfer_len);

        if (!task || !iscsi_scsi_command_sync(drive.iscsi, drive.lun, task,
                                              direction == SCSI_XFER_WRITE ? &data : NULL)) {
                errno = EIO;
                return -1;
        }
        if (direction == SCSI_XFER_READ && task->status == SCSI_STATUS_GOOD) {
                size_t n = (size_t)task->datain.size < h->dxfer_len ? (size_t)task->datain.size
                                                                    : h->dxfer_len;

                memcpy(h->dxferp, task->datain.data, n);
                h->resid = (int)(h->dxfer_len - n);
        } else if (task->status == SCSI_STATUS_CHECK_CONDITION) {
                sense_set(h, task->sense.key, (unsigned int)task->sense.ascq);
        } else if (task->status != SCSI_STATUS_GOOD) {
                h->host_status = 7;
        }
        scsi_free_scsi_task(task);
        return 0;
}

static int command_pass(struct sg_io_hdr *h)
{
        int64_t from = 0, to = 0;
        bool ranged = command_range(h->cmdp, &from, &to);
        int r = 0;

        if (getenv("RECDOCK_DRIVE_TRACE"))
                (void)fprintf(stderr, "drive_preload: %02x %lld-%lld\n", h->cmdp[0], (long long)from,
                              (long long)to);
        if (ranged)
                r = fault_before(h, from, to, h->cmdp[0] == OP_WRITE_10 || h->cmdp[0] == OP_WRITE_12);
        if (r < 0 || drive.gone) {
                errno = ENODEV;
                return -1;
        }
        if (r > 0)
                return 0;
        if (drive.yanked && h->cmdp[0] != 0x12) {
                sense_set(h, KEY_NOT_READY, ASC_NO_MEDIUM);
                return 0;
        }
        if (h->cmdp[0] == OP_RESERVE_TRACK || (h->cmdp[0] == OP_CLOSE && fault("open") >= 0))
                return 0; /* the unit knows none of it */
        r = unit_command(h);
        if (r == 0 && ranged && h->dxfer_direction == SG_DXFER_FROM_DEV)
                fault_after(h, from, to);
        if (r == 0 && h->cmdp[0] == OP_DISC_INFORMATION)
                disc_begin(h);
        if (r == 0 && h->cmdp[0] == OP_TRACK_INFORMATION)
                track_shrink(h);
        return r;
}

static int sg_io(struct sg_io_hdr *h)
{
        int r;

        h->status = 0;
        h->host_status = 0;
        h->driver_status = 0;
        h->sb_len_wr = 0;
        h->resid = 0;
        (void)pthread_mutex_lock(&drive.lock);
        r = command_pass(h);
        (void)pthread_mutex_unlock(&drive.lock);
        return r;
}

int ioctl(int fd, unsigned long request, ...)
{
        int (*next)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
        va_list ap;
        void *argument;

        va_start(ap, request);
        argument = va_arg(ap, void *);
        va_end(ap);
        if (fd < 0 || fd >= FDS_MAX || !drive.is_ours[fd])
                return next(fd, request, argument);
        switch (request) {
        case SG_IO:
                return sg_io(argument);
        case CDROM_DRIVE_STATUS:
                return drive.yanked ? CDS_NO_DISC : CDS_DISC_OK;
        case SCSI_IOCTL_GET_IDLUN:
        case SCSI_IOCTL_GET_BUS_NUMBER:
                memset(argument, 0, request == SCSI_IOCTL_GET_IDLUN ? 2 * sizeof(int) : sizeof(int));
                return 0;
        default:
                errno = ENOTTY;
                return -1;
        }
}
