/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Simulated recorders in a umockdev test bed: libudev sees them plugged, libusb opens their nodes. Functions
 * belong to the main thread; the ioctls of clients are answered in umockdev's own thread.
 */

#include "recsim.h"
#include "recsim_plug.h"

#include <stdbool.h>
#include <stddef.h>

struct recsim_testbed;
struct recsim_device;

/* The process must run under the preload library (recsim_preload_environment()). */
int recsim_testbed_new(struct recsim_testbed **ret);
/* All clients must be gone: one that still makes ioctls is aborted by umockdev. */
void recsim_testbed_free(struct recsim_testbed *b);
const char *recsim_testbed_root(const struct recsim_testbed *b);

/* Becomes readable when a device left the bus by itself; recsim_testbed_sweep() then does what is left to
 * do. */
int recsim_testbed_fd(const struct recsim_testbed *b);
void recsim_testbed_sweep(struct recsim_testbed *b);

/*
 * Plugs a recorder; the uevents are out when it returns. A name that was unplugged may be used again.
 * -EEXIST for a name or port in use; 'why' (RECSIM_WHY_MAX) has the reason of every refusal.
 */
int recsim_testbed_plug(struct recsim_testbed *b, const char *name, const struct recsim_profile *profile,
                        const struct recsim_faults *faults, struct recsim_device **ret, char *why);
/* Transfers end with -ESHUTDOWN, everything else with ENODEV, then the remove events. -ENODEV when it is out
 * already. */
int recsim_testbed_unplug(struct recsim_testbed *b, struct recsim_device *d);

/* The device last plugged by this name, in or out; NULL none. */
struct recsim_device *recsim_testbed_find(struct recsim_testbed *b, const char *name);
/* The i-th device; NULL past the end. */
struct recsim_device *recsim_testbed_device(struct recsim_testbed *b, size_t i);

const char *recsim_device_name(const struct recsim_device *d);
const char *recsim_device_node(const struct recsim_device *d);
const char *recsim_device_syspath(const struct recsim_device *d);
bool recsim_device_plugged(const struct recsim_device *d);
/* Processes that have the node open now. */
unsigned int recsim_device_clients(const struct recsim_device *d);

/* The recorder inside, locked until recsim_device_release(), which lets waiting transfers look again. */
struct recsim *recsim_device_acquire(struct recsim_device *d);
void recsim_device_release(struct recsim_device *d);
