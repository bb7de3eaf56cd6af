/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <pthread.h>

/* Starts a thread that no signal interrupts: signals are the caller's, or its event loop's. 0 or a negative
 * errno (-EAGAIN: there can be no more). */
int thread_start(pthread_t *ret, void *(*run)(void *userdata), void *userdata);
