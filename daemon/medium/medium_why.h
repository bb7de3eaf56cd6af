/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/medium/medium_messages.h"

/* Writes down why something is not done, in a sentence for people. Returns 'error', a negative errno. */
int medium_refuse(struct medium_failed *why, int error, const char *format, ...)
                __attribute__((format(printf, 3, 4)));
