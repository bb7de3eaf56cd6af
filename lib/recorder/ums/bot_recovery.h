/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Bringing a device back in step; only for bot.c. Whatever these return, no command is under way afterwards.
 */

#include "recorder/ums/bot.h"

/* Takes all standing reads off the endpoint. USB_OK or USB_GONE. */
int bot_reads_recall(struct bot *b);

/* After a halt of bulk IN: nothing more comes until it is cleared, so the reads are called back first. */
int bot_halt_clear(struct bot *b);

/* The reset recovery before the first command, or after one of which it is not known whether it went out. */
int bot_settle(struct bot *b);

/*
 * A call of lib/usb failed with 'result' in the middle of a command, of which 'missing' did not come.
 * Recovers where that may help, and returns the outcome of the command: never RECORDER_OK.
 */
int bot_fail(struct bot *b, int result, const char *missing);

/* The answer broke the protocol. Recovers and returns RECORDER_PROTOCOL, or what was worse. */
int bot_break(struct bot *b, const char *fault);

void bot_notice(struct bot *b, int priority, const char *text);
