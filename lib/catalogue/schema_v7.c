// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Version 7 of the catalogue: what reports go by. A month's duties are found by when they began, which is
 * the return where nobody recorded the checkout, and by when they were exported, where that came after the
 * month.
 */
#include "catalogue/schema_versions.h"

const char schema_v7[] = "CREATE INDEX duty_by_begin ON duty (ifnull(out_at, returned_at));"
                         "CREATE INDEX duty_by_offload ON duty (offloaded_at)"
                         " WHERE offloaded_at IS NOT NULL;";
