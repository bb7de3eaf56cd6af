// SPDX-License-Identifier: LGPL-2.1-or-later
/* See medium_why.h. */
#include "daemon/medium/medium_why.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

int medium_refuse(struct medium_failed *why, int error, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(why->text, sizeof(why->text), format, ap);
        va_end(ap);
        text_make_printable(why->text);
        why->error = error;
        return error;
}
