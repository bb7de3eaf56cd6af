/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Switches fs-verity on for footage, in a thread of its own: the kernel reads the whole file for it, and the
 * loop must not stand still for as long as gigabytes take.
 */

#include "store/store.h"

#include <stdbool.h>
#include <systemd/sd-event.h>

struct sealer;

/* On the loop. 'result' is store_seal()'s, or -ECANCELED when the sealer is freed first. */
typedef void sealer_done_fn(void *userdata, int result);

typedef void sealer_idle_fn(void *userdata);

/* 'store' must outlive the sealer. */
int sealer_new(struct sealer **ret, sd_event *event, struct store *store);
/* Cancels what waits. Returns true when nothing is under way; else 'on_idle' is called on the loop when the
 * file that is has been sealed, which the kernel cannot be kept from: gigabytes take minutes, and nobody but
 * the loop may wait for so long. */
bool sealer_stop(struct sealer *s, sealer_idle_fn *on_idle, void *userdata);
/* Waits for the file under way; there is none after sealer_stop(). */
void sealer_free(struct sealer *s);

/* Files are sealed in the order they come. 'on_done' is called once for each that was taken. */
int sealer_submit(struct sealer *s, const char *path, sealer_done_fn *on_done, void *userdata);
