// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Preloaded into QEMU: its usb-mtp turns file names into UTF-16 with mbstowcs(), but QEMU without a window
 * never leaves the "C" locale, where every Chinese name fails and becomes "Oops".
 */
#include <locale.h>

__attribute__((constructor)) static void locale_from_environment(void)
{
        (void)setlocale(LC_CTYPE, "");
}
