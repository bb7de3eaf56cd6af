// SPDX-License-Identifier: LGPL-2.1-or-later
/* The worker's side of the conversation, outgoing; see report.h. Structures are zeroed first: no byte of the
 * stack leaves. */
#include "daemon/offload/report.h"

#include "base/message.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

enum { SEND_TIMEOUT_MS = 60 * 1000 };

int report_send(int socket, uint32_t type, const void *payload, size_t size)
{
        return message_send(socket, type, payload, size, -EBADF, SEND_TIMEOUT_MS);
}

int report_notice(int socket, int priority, const char *format, ...)
{
        struct offload_notice notice = {.priority = priority};
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(notice.text, sizeof(notice.text), format, ap);
        va_end(ap);
        text_make_printable(notice.text);
        return report_send(socket, OFFLOAD_NOTICE, &notice, sizeof(notice));
}

int report_failed(int socket, int outcome, int error, const char *text)
{
        struct offload_failed failed = {.outcome = outcome, .error = error};

        (void)text_copy(failed.text, sizeof(failed.text), text);
        text_make_printable(failed.text);
        return report_send(socket, OFFLOAD_FAILED, &failed, sizeof(failed));
}

int report_outcome(int result)
{
        if (result >= 0)
                return result < _RECORDER_OUTCOME_MAX ? result : RECORDER_PROTOCOL;
        switch (result) {
        case -EACCES:
        case -EPERM:
                return RECORDER_DENIED;
        case -ENODEV:
        case -ENOENT:
        case -ENXIO:
                return RECORDER_GONE;
        case -EBUSY:
                return RECORDER_BUSY;
        case -ENOSPC:
        case -EDQUOT:
        case -EFBIG:
                return RECORDER_NO_SPACE;
        default:
                return RECORDER_STALLED;
        }
}
