// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * See medium_check.h. The superblocks are read here because the programs do not tell: fsck.exfat (1.2) says
 * that a volume is clean whose flag says that it is not, and e2fsck checks past a journal that is still to
 * be replayed, and finds errors that are none.
 *
 *   ext4   at 1024: magic 0xef53 at +0x38, s_state at +0x3a (2: errors), s_feature_incompat at +0x60 (4: the
 *          journal needs recovery)
 *   exFAT  VolumeFlags at 106 (2: dirty, 4: the medium failed), section 3.1.13 of its specification
 *   FAT    a byte that Linux and Windows use (1: dirty), at 0x41 of FAT32, which has no 16-bit size of a FAT
 *          at 0x16, and at 0x25 of others
 */
#include "daemon/medium/medium_check.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/medium/medium_tool.h"
#include "daemon/medium/medium_why.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HEAD_SIZE = 2048, EXT4_AT = 1024 };

static uint16_t number16(const uint8_t *at)
{
        return (uint16_t)(at[0] | at[1] << 8);
}

static int ext4_left(const uint8_t head[HEAD_SIZE], enum medium_left *ret)
{
        const uint8_t *super = head + EXT4_AT;

        if (number16(super + 0x38) != 0xef53)
                return -EUCLEAN;
        *ret = number16(super + 0x3a) & 2 ? MEDIUM_LEFT_ERRORS
               : super[0x60] & 4          ? MEDIUM_LEFT_JOURNAL
                                          : MEDIUM_LEFT_CLEAN;
        return 0;
}

static int exfat_left(const uint8_t head[HEAD_SIZE], enum medium_left *ret)
{
        if (memcmp(head + 3, "EXFAT   ", 8) != 0)
                return -EUCLEAN;
        *ret = head[106] & 4 ? MEDIUM_LEFT_ERRORS : head[106] & 2 ? MEDIUM_LEFT_DIRTY : MEDIUM_LEFT_CLEAN;
        return 0;
}

static int vfat_left(const uint8_t head[HEAD_SIZE], enum medium_left *ret)
{
        const size_t flags = number16(head + 0x16) == 0 ? 0x41 : 0x25;

        if (number16(head + 510) != 0xaa55)
                return -EUCLEAN;
        *ret = head[flags] & 1 ? MEDIUM_LEFT_DIRTY : MEDIUM_LEFT_CLEAN;
        return 0;
}

static const struct checker {
        const char *type;
        int (*left)(const uint8_t head[HEAD_SIZE], enum medium_left *ret);
        const char *program, *options; /* that change nothing */
        const char *repair;            /* for people */
} checkers[] = {
                {"ext4", ext4_left, "/sbin/e2fsck", "-fn", "e2fsck -f"},
                {"exfat", exfat_left, "/sbin/fsck.exfat", "-n", "fsck.exfat -y"},
                {"vfat", vfat_left, "/sbin/fsck.vfat", "-n", "fsck.vfat -a"},
};

static const struct checker *checker_find(const char *type)
{
        for (size_t i = 0; i < sizeof(checkers) / sizeof(checkers[0]); i++)
                if (strcmp(checkers[i].type, type) == 0)
                        return &checkers[i];
        return NULL;
}

int medium_left_read(int fd, const char *type, enum medium_left *ret)
{
        const struct checker *c = checker_find(type);
        uint8_t head[HEAD_SIZE];
        ssize_t n;

        if (!c)
                return -EOPNOTSUPP;
        do {
                n = pread(fd, head, sizeof(head), 0);
        } while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        return n == (ssize_t)sizeof(head) ? c->left(head, ret) : -EUCLEAN;
}

static int unsound(const struct checker *c, const char *node, const char *what, struct medium_failed *why)
{
        return medium_refuse(why, -EUCLEAN,
                             "the file system of %s is not sound, nothing is written to it: %s; repair it "
                             "with '%s %s', then put the medium in again",
                             node, what, c->repair, node);
}

static int fsck(const struct checker *c, const char *node, const struct peer *peer, int timeout_ms,
                struct medium_failed *why)
{
        const char *const argv[] = {c->program, c->options, node, NULL};
        char what[64];
        int status = 0, r = medium_tool_run(argv, peer, timeout_ms, &status);

        if (r == -ENOENT || r == -ETIME) {
                log_warning("%s is opened unchecked: %s", node,
                            r == -ETIME ? "fsck has not ended in time" : "there is no fsck for it");
                return 0;
        }
        if (r < 0 && r != -EIO)
                return r;
        if (r == 0 && status == 0)
                return 0;
        if (r < 0)
                (void)snprintf(what, sizeof(what), "'%s %s' died", c->program, c->options);
        else
                (void)snprintf(what, sizeof(what), "'%s %s' ends with %d", c->program, c->options, status);
        return unsound(c, node, what, why);
}

int medium_check(int fd, const char *node, const char *type, const struct peer *peer, int timeout_ms,
                 struct medium_failed *why)
{
        const struct checker *c = checker_find(type);
        enum medium_left left = MEDIUM_LEFT_CLEAN;
        const int64_t begun = clock_monotonic();
        int r = medium_left_read(fd, type, &left);

        if (r == -EUCLEAN)
                return unsound(c, node, "its superblock is none", why);
        if (r < 0)
                return medium_refuse(why, r, "the file system of %s, '%s', cannot be looked at: %s", node,
                                     type, log_errno_text(r));
        if (left == MEDIUM_LEFT_JOURNAL) {
                log_notice("%s was taken out before it was released; its journal sets that right", node);
                return 0;
        }
        if (left == MEDIUM_LEFT_DIRTY)
                return unsound(c, node, "it was taken out before it was released", why);
        if (left == MEDIUM_LEFT_ERRORS)
                return unsound(c, node, "it says itself that errors were found", why);
        r = fsck(c, node, peer, timeout_ms, why);
        if (r == 0)
                log_info("%s: checked in %lld ms", node,
                         (long long)((clock_monotonic() - begun) / USEC_PER_MSEC));
        return r;
}
