/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the worker tells recdockd; offload_messages.h has the meaning. Each may be called from any thread. */

#include "recorder/offload_messages.h"

#include <stdbool.h>
#include <stddef.h>

/* Sends one message, waiting for a busy recdockd for as long as it may take it to write its catalogue.
 * Returns 0, -EPIPE when recdockd is gone, -EAGAIN when it has not read anything for a minute. */
int report_send(int socket, uint32_t type, const void *payload, size_t size);

/* A line for the log; control characters and broken UTF-8 in it become '?'. */
int report_notice(int socket, int priority, const char *format, ...) __attribute__((format(printf, 3, 4)));
int report_failed(int socket, int outcome, int error, const char *text);

/* A recorder verb's result as a wire value: an outcome as it is, a negative errno by what it means for the
 * recorder. */
int report_outcome(int result);
