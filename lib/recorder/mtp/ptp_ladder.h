/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What ptp_session.c and ptp_ladder.c need of each other. */

#include "recorder/mtp/ptp_session.h"

/* One try of one operation; a failed one leaves the session dirty unless the device could be brought back in
 * step. */
int ptp_transaction_once(struct ptp_session *s, const struct ptp_request *request, int command_ms,
                         struct ptp_reply *ret_reply);

/* Ends transaction 'id' half way: CancelRequest, drain, GetDeviceStatus. Sets s->dirty when the device did
 * not follow. */
void ptp_ladder_abandon(struct ptp_session *s, uint32_t id);

/* The device says that no session is open, which we have not closed: opens one, as a step out of the same
 * budget. RECORDER_OK; RECORDER_STALLED when the device does not open one. */
int ptp_ladder_reopen(struct ptp_session *s);
