// SPDX-License-Identifier: LGPL-2.1-or-later
/* Words for the outcomes of a recorder's verbs; they appear in the log, in receipts and on the bus. */
#include "recorder/recorder.h"

const char *recorder_outcome_text(int outcome)
{
        static const char *const texts[_RECORDER_OUTCOME_MAX] = {
                        [RECORDER_OK] = "ok",
                        [RECORDER_GONE] = "gone",
                        [RECORDER_BUSY] = "busy",
                        [RECORDER_LOCKED] = "locked",
                        [RECORDER_SHORT] = "short",
                        [RECORDER_MISMATCH] = "mismatch",
                        [RECORDER_NO_SPACE] = "no-space",
                        [RECORDER_UNSUPPORTED] = "unsupported",
                        [RECORDER_CANCELLED] = "cancelled",
                        [RECORDER_STALLED] = "stalled",
                        [RECORDER_PROTOCOL] = "protocol",
                        [RECORDER_DENIED] = "denied",
                        [RECORDER_ABSENT] = "absent",
                        [RECORDER_UNREADABLE] = "unreadable",
        };

        return outcome >= 0 && outcome < _RECORDER_OUTCOME_MAX ? texts[outcome] : "unknown";
}
