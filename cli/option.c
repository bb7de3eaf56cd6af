// SPDX-License-Identifier: LGPL-2.1-or-later
/* Options that a verb cannot do without; see option.h. */
#include "cli/option.h"
#include "cli/client.h"
#include "cli/translate.h"

int option_require(const struct invocation *inv, const char *name, const char *argument, const char **ret)
{
        *ret = invocation_option(inv, name);
        if (*ret && **ret)
                return EXIT_OK;
        complain(_("--%s is missing or empty, expected --%s=%s"), name, name, argument);
        return EXIT_USAGE;
}
