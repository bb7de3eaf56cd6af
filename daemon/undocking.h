/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Undocking as checkout, by policy ([Duty] UndockingIsCheckout=): who takes a recorder that is done out of
 * its bay is the officer it is assigned to, and nobody has to say so. What was not done has not been issued,
 * and neither was what nobody is assigned to, or is retired, or was checked out already.
 *
 * Nothing is a duty before the recorder has been away for a while: one that is pushed back in, resets itself
 * or switches to another mode was never away. That it waits is on record (catalogue/undocking.h), so that a
 * restart in between loses nothing. A recorder that is not fit is out all the same; that is told, once.
 */

#include "base/clock.h"

struct docking;
struct station;

/* The recorder of 'd' was taken out; its row is as it will be written. Inside that transaction. */
void undocking_begin(struct docking *d);

/* Those that have been away for long enough become duties. *next becomes the instant of the next one, if
 * that is earlier. Not inside a transaction. */
void undocking_look(struct station *s, instant_t now, instant_t *next);
