/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* _("…") is translated where it stands, N_("…") only marked: the table it is in is translated when it is
 * printed. */

#include <libintl.h>

#define _(text)  gettext(text)
#define N_(text) (text)
