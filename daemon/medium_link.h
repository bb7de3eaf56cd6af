/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * recdockd's side of recdock-medium (medium/medium_messages.h), on the event loop: nothing here waits. A
 * link is one medium, from asking for it until it is released. It ends, and must not be touched again, when
 * the last of its callbacks has been called: on_opened with an error, on_released, on_made.
 *
 * The mount ends with the connection, but not before all descriptors of it are closed: who has a medium
 * closes everything of it before medium_link_close(), and at once when it is released without that.
 */

#include <stdint.h>
#include <systemd/sd-event.h>

struct medium_link;
struct medium_facts;
struct medium_init;

/* Once. error 0: the medium is open; 'root_fd' is yours, of the mount's root folder, in which recdockd may
 * write: nosuid, nodev, noexec. Else a negative errno: -EPERM it may not be opened, -ENODEV it is not
 * plugged in, -EBUSY somebody works with it, -EROFS, -ETIMEDOUT, -EPIPE recdock-medium has died, -ENOENT or
 * -ECONNREFUSED is for medium_link_open(). */
typedef void medium_opened_fn(void *userdata, int error, int root_fd);
/* Once, after it was open. 0: all that was written is on the medium, and it can be taken out. -EBUSY: the
 * same, but descriptors of it are still open. Else it is not known what is on it, and it was unmounted all
 * the same: -EPIPE recdock-medium has died, -ECANCELED it was told to stop, -EIO the disk is gone or broken.
 */
typedef void medium_released_fn(void *userdata, int error);
/* Once. error 0: the disk is a medium now, and not registered. It is free for others when this returns; who
 * has told known_media_sync() of it by then has it hidden from the system at once. -EEXIST: it holds
 * something, and was not forced; -EPERM: it never may be one. */
typedef void medium_made_fn(void *userdata, int error, const struct medium_facts *facts);

/* Asks for the medium with the file system 'uuid'. 0, and on_opened is called from the loop; or a negative
 * errno, and nothing is: -EINVAL for no UUID, -ENOENT or -ECONNREFUSED when recdock-medium.socket is not
 * there, -EAGAIN when too many are open. */
int medium_link_open(struct medium_link **ret, sd_event *event, const char *uuid,
                     medium_opened_fn *on_opened, void *userdata);
/* To be told of the release, also of one that nobody asked for. */
void medium_link_on_released(struct medium_link *l, medium_released_fn *on_released);
/* Has it written, unmounted and flushed; on_released then tells how it went. Before it is open: the same as
 * medium_link_free(). */
void medium_link_close(struct medium_link *l);
/* Ends it without waiting for anything, and calls nothing; recdock-medium writes and unmounts by itself, and
 * what it then makes is no medium. NULL is fine. */
void medium_link_free(struct medium_link *l);

/* Asks for a disk to become a medium; as medium_link_open(). */
int medium_link_init(struct medium_link **ret, sd_event *event, const struct medium_init *request,
                     medium_made_fn *on_made, void *userdata);

/* What the medium is, from on_opened on. */
const struct medium_facts *medium_link_facts(const struct medium_link *l);
/* Why it failed, for people, while on_opened or on_made is called with an error. "" when nobody has said. */
const char *medium_link_why(const struct medium_link *l);
