// SPDX-License-Identifier: LGPL-2.1-or-later
/* recdockctl: asks and tells recdockd over the bus. It opens neither the catalogue nor the store. */
#include "cli/client.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>

static void locale_prepare(void)
{
        const char *folder = getenv("RECDOCK_LOCALEDIR");

        (void)setlocale(LC_ALL, "");
        /* Names of units and officers are Chinese whatever the caller's language is; in the C locale tables
         * could not show them. */
        if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
                (void)setlocale(LC_CTYPE, "C.UTF-8");
        (void)bindtextdomain("recdock", folder && *folder ? folder : RECDOCK_LOCALEDIR);
        (void)bind_textdomain_codeset("recdock", "UTF-8");
        (void)textdomain("recdock");
}

static int invocation_run(const struct invocation *inv)
{
        if (inv->version) {
                (void)puts("recdockctl " PACKAGE_VERSION);
                return EXIT_OK;
        }
        if (inv->help) {
                verbs_print_help(stdout, inv);
                return EXIT_OK;
        }
        return inv->verb->run(inv);
}

int main(int argc, char **argv)
{
        _cleanup_free_ char *error = NULL;
        struct invocation inv;
        int r;

        locale_prepare();
        if (verbs_parse(&recdockctl_verbs, argc, argv, &inv, &error) < 0) {
                complain("%s", error ? error : strerror(ENOMEM));
                return EXIT_USAGE;
        }
        r = invocation_run(&inv);
        if ((fflush(stdout) != 0 || ferror(stdout)) && r == EXIT_OK) {
                complain(_("standard output cannot be written: %s"), strerror(errno));
                return EXIT_OTHER;
        }
        return r;
}
