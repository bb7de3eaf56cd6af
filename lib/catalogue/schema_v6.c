// SPDX-License-Identifier: LGPL-2.1-or-later
/* Version 6 of the catalogue: continuity. */
#include "catalogue/schema_versions.h"

const char schema_v6[] = "SELECT 1;";
