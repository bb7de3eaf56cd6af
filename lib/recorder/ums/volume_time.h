/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Times of FAT (specification 1.03, "Date and Time Formats") and exFAT (section 7.4.8), which have the same
 * fields, as the text that instant_parse_ptp() reads. */

#include "recorder/recorder.h"

#include <stdint.h>

#define VOLUME_TIME_WHOLE (-1) /* there is no field of hundredths */
#define VOLUME_TIME_LOCAL 0    /* of a UtcOffset byte: without its valid bit it says nothing */

/*
 * "20261101T080003[.47][+0800]" into ret (RECORDER_TIME_MAX bytes), "" when the date is 0. 'hundredths' are
 * those above the even second, 0 to 199, or VOLUME_TIME_WHOLE; 'utc_offset' is exFAT's byte. Fields are not
 * judged: a thirteenth month is told as it stands.
 */
void volume_time_text(uint16_t date, uint16_t time, int hundredths, uint8_t utc_offset, char *ret);
