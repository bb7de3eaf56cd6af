/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Files being inspected: at most INSPECT_JOBS_MAX known, 'parallel' of them with a child, the rest waiting
 * in order. A child answers through a pipe, and whatever it does (answers, lies, dies, hangs) exactly one
 * result comes out for each job.
 */

#include "media/inspect_messages.h"

#include <poll.h>
#include <stdbool.h>

struct jobs;

/* Called once for each job, from jobs_dispatch(). A negative return ends the dispatch and is returned by it.
 */
typedef int jobs_result_fn(void *userdata, const struct inspect_result *result);

/* 'parallel' from 1 to INSPECT_JOBS_MAX. Frees with jobs_free(), which kills the children. */
int jobs_new(struct jobs **ret, unsigned int parallel, jobs_result_fn *on_result, void *userdata);
void jobs_free(struct jobs *j);

bool jobs_full(const struct jobs *j);
bool jobs_empty(const struct jobs *j);

/* Takes over 'fd', also on failure. -ENOBUFS when full. */
int jobs_add(struct jobs *j, const struct inspect_request *request, int fd);

/* Fills 'fds' (INSPECT_JOBS_MAX of them) with what to poll for; returns how many. */
size_t jobs_pollfds(const struct jobs *j, struct pollfd *fds);

/* Milliseconds until the next child's time is up, -1 when there is none. */
int jobs_timeout_ms(const struct jobs *j);

/* Takes what children have written, ends those whose time is up, starts those that wait. Never blocks on a
 * living child. */
int jobs_dispatch(struct jobs *j);

/* Seconds a request of this size is given: its own, or at least a minute and a second for 4 MiB. */
unsigned int jobs_timeout_s(const struct inspect_request *request);

/*
 * A child's result made safe: numbers in their ranges, texts terminated and printable. Returns -EBADMSG when
 * it is not one that an honest child writes, and leaves it alone then.
 */
int inspect_result_sanitize(const struct inspect_request *request, struct inspect_result *result);
