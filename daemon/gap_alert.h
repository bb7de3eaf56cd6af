/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The alert "recording-gap" of a recorder: raised when a docking is complete and what it brought has a gap
 * that nobody has explained, cleared when everything since then is explained or the missing footage has
 * come. Gaps of dockings before do not matter: they had their own alert, or were there before anybody
 * looked.
 */

struct docking;

/* The docking is complete. Not inside a transaction. */
void gap_alert_judge(struct docking *d);
