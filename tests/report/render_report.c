// SPDX-License-Identifier: LGPL-2.1-or-later
/* render_report text|csv|html|metrics: writes a report (of metrics: an array of status, report and alerts)
 * from standard input as recdockctl would, for tests that look at the result with other programs. */
#include "cli/metrics.h"
#include "cli/report_section.h"
#include "base/cleanup.h"

#include <libintl.h>
#include <locale.h>
#include <string.h>

DEFINE_CLEANUP(json_object *, json_object_put);

int main(int argc, char **argv)
{
        _cleanup_(json_object_putp) json_object *o = json_object_from_fd(STDIN_FILENO);
        const char *format = argc == 2 ? argv[1] : "", *folder = getenv("RECDOCK_LOCALEDIR");

        (void)setlocale(LC_ALL, "");
        (void)setlocale(LC_CTYPE, "C.UTF-8");
        (void)bindtextdomain("recdock", folder ? folder : "/nonexistent");
        (void)bind_textdomain_codeset("recdock", "UTF-8");
        (void)textdomain("recdock");
        if (!o)
                return EXIT_FAILURE;
        if (strcmp(format, "text") == 0)
                report_write_text(stdout, o, true);
        else if (strcmp(format, "csv") == 0)
                report_write_csv(stdout, o, NULL);
        else if (strcmp(format, "html") == 0)
                report_write_html(stdout, o);
        else if (strcmp(format, "metrics") == 0)
                metrics_write(stdout, json_object_array_get_idx(o, 0), json_object_array_get_idx(o, 1),
                              json_object_array_get_idx(o, 2));
        else
                return EXIT_FAILURE;
        return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
