/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whether a medium's file system can be written to, before it is mounted: what its superblock says of how it
 * was left, and what the fsck of its type finds when it may change nothing. A medium that is not sound gets
 * no more copies, and nothing on it is touched: who repairs it is for the site to say.
 */

#include "daemon/disk/peer.h"
#include "daemon/medium/medium_messages.h"

/* What a superblock says. */
enum medium_left {
        MEDIUM_LEFT_CLEAN,
        MEDIUM_LEFT_JOURNAL, /* taken out too early: the kernel's driver sets it right by its journal */
        MEDIUM_LEFT_DIRTY,   /* taken out too early */
        MEDIUM_LEFT_ERRORS,  /* the kernel's driver came upon something wrong */
};

/* Of an open "ext4", "exfat" or "vfat"; -EOPNOTSUPP for another type, -EUCLEAN when it is none, or what
 * reading says. */
int medium_left_read(int fd, const char *type, enum medium_left *ret);

/* 'fd' and 'node' are the same, and nobody else has it. 0: it may be written to. That is also so when fsck
 * is not installed, or has not ended within 'timeout_ms', which is told in the journal. -EUCLEAN with 'why';
 * what ended the wait; or another negative errno. */
int medium_check(int fd, const char *node, const char *type, const struct peer *peer, int timeout_ms,
                 struct medium_failed *why);
