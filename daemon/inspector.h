/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * recdockd's side of recdock-inspect: jobs queue here, at most INSPECT_JOBS_MAX are with the process. When
 * it dies the jobs it had are given to a new one; a job that has killed three of them is answered with -EIO.
 */

#include "media/inspect_messages.h"

#include <stddef.h>
#include <stdint.h>

struct station;
struct inspector;

/* error: negative errno, -ECANCELED when the station stops, -ECHILD when recdock-inspect does not run; then
 * result is NULL. */
typedef void inspector_done_fn(void *userdata, int error, const struct inspect_result *result);

int inspector_new(struct inspector **ret, struct station *s);
void inspector_free(struct inspector *i);

/* 'fd' is consumed on success. 'name' is a hint for the format. */
int inspector_submit(struct inspector *i, int fd, int64_t size, uint32_t flags, const char *name,
                     inspector_done_fn *on_done, void *userdata);
size_t inspector_queued(const struct inspector *i);
