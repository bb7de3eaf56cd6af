/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The 24-hour rule of Art. 28: pure arithmetic on instants. */

#include "base/clock.h"

/* Strict rule without a return record (R-28-3): end of the recording + limit. */
instant_t deadline_from_recording(instant_t ended, int64_t limit);

/* Microseconds past the deadline, 0 when in time. */
int64_t deadline_late_by(instant_t deadline, instant_t done);
