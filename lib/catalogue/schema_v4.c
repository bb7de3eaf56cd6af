// SPDX-License-Identifier: LGPL-2.1-or-later
/* Version 4 of the catalogue: alerts. */
#include "catalogue/schema_versions.h"

const char schema_v4[] = "SELECT 1;";
