/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Is the recorder in the bay the one that its serial says? Cheap makers give one serial to a whole series,
 * and a wrong officer's name is the worst that can be filed. The first of two that are docked at once wins.
 * Of two that come one after the other nothing tells for certain; what speaks against it is an alert.
 */

#include <stdbool.h>

struct docking;
struct item;

/* Another device that says the same is docked: tells so and returns true, 'd' is to be refused. */
bool identity_is_taken(struct docking *d);

/* Holds what the device says against what it said at its last whole docking. */
void identity_compare(struct docking *d);

/* An item that the catalogue has not seen before, told of while the recorder lists. */
void identity_take_item(struct docking *d, const struct item *item);

/* The listing has ended: says what speaks against the identity. */
void identity_judge(struct docking *d);
