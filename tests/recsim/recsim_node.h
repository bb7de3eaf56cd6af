/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The device node of a simulated recorder: a FIFO whose fullness stands in for usbfs' readiness, and the
 * ioctls of usbfs behind it. Inside of the umockdev front end.
 */

#include "recsim.h"

/* Before GLib, which takes back its own MIN and MAX. */
#include "base/cleanup.h"

#include <umockdev.h>

struct recsim_node;

/*
 * Makes the FIFO at 'path' (the folder exists) and a handler to attach to the node. 'sim' is not owned.
 * 'vanished' is called, in any thread and with the node locked, when the recorder left the bus by a fault.
 */
int recsim_node_new(struct recsim_node **ret, const char *path, struct recsim *sim,
                    void (*vanished)(void *userdata), void *userdata);
/* Only when no client is left. */
void recsim_node_free(struct recsim_node *n);

UMockdevIoctlBase *recsim_node_handler(struct recsim_node *n);

void recsim_node_lock(struct recsim_node *n);
/* Lets waiting transfers look at what has changed. */
void recsim_node_unlock(struct recsim_node *n);

/* Everything under way ends with -ESHUTDOWN, everything new with ENODEV. */
void recsim_node_disconnect(struct recsim_node *n);
unsigned int recsim_node_clients(struct recsim_node *n);
