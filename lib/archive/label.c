// SPDX-License-Identifier: LGPL-2.1-or-later
/* The label to print and to put on the case of a disc or on a disk: 100 by 60 mm. The QR code has the
 * volume's number and the digest of its payload's manifest, so that a label and what lies under it can be
 * held against each other without any register. */
#include "archive/contents.h"
#include "base/cleanup.h"
#include "base/markup.h"
#include "base/text.h"

#include <inttypes.h>
#include <qrencode.h>
#include <string.h>

enum { QUIET_ZONE = 4 /* modules around a code, as its standard asks for */ };

DEFINE_CLEANUP(QRcode *, QRcode_free);

/* Into a square of 'side' mm at (x, y). */
static int code_write(FILE *out, const char *text, double x, double y, double side)
{
        _cleanup_(QRcode_freep) QRcode *code =
                        QRcode_encodeData((int)strlen(text), (const unsigned char *)text, 0, QR_ECLEVEL_M);
        double module;

        if (!code)
                return errno == ENOMEM ? -ENOMEM : -EINVAL;
        module = side / (code->width + 2 * QUIET_ZONE);
        (void)fprintf(out, "<g transform=\"translate(%.3f %.3f) scale(%.5f)\"><path d=\"", x, y, module);
        for (int row = 0; row < code->width; row++)
                for (int column = 0; column < code->width; column++)
                        if (code->data[row * code->width + column] & 1)
                                (void)fprintf(out, "M%d %dh1v1h-1z", column + QUIET_ZONE, row + QUIET_ZONE);
        (void)fputs("\"/></g>\n", out);
        return 0;
}

static void line_write(FILE *out, double y, double size, const char *label, const char *value, int columns)
{
        (void)fprintf(out, "<text x=\"4\" y=\"%.1f\" font-size=\"%.1f\">%s", y, size, label);
        markup_text_short(out, value && value[0] ? value : "", columns);
        (void)fputs("</text>\n", out);
}

static void bytes_format(int64_t bytes, char *ret, size_t size)
{
        if (bytes >= 1000000000)
                (void)snprintf(ret, size, "%.1f GB", (double)bytes / 1e9);
        else
                (void)snprintf(ret, size, "%.1f MB", (double)bytes / 1e6);
}

static void text_write(FILE *out, const struct contents *c)
{
        const struct archive_imprint *i = c->imprint;
        char made[INSTANT_TEXT_MAX], size[32], counts[80], first[11] = "", last[11] = "", times[32];

        for (size_t k = 0; k < c->n_files; k++) {
                const char *started = contents_text(c, k, "started_at");

                if (started[0] && (first[0] == '\0' || strncmp(started, first, 10) < 0))
                        (void)snprintf(first, sizeof(first), "%.10s", started);
                if (started[0] && strncmp(started, last, 10) > 0)
                        (void)snprintf(last, sizeof(last), "%.10s", started);
        }
        bytes_format(c->bytes, size, sizeof(size));
        (void)instant_format(i->made_at, made);
        made[MIN(strlen(made), (size_t)10)] = '\0';
        (void)snprintf(counts, sizeof(counts), "%zu 个文件 files, %s", c->n_files, size);
        (void)snprintf(times, sizeof(times), "%s – %s", first, last);
        line_write(out, 12, 8, "", i->number, 22);
        line_write(out, 19, 3.2, "", "执法记录仪音像记录 Footage of body-worn recorders", 56);
        line_write(out, 25, 3.2, "单位 Organization: ", i->organization, 36);
        line_write(out, 33, 3, "采集站 Station: ", i->station, 20);
        line_write(out, 39, 3, "制作 Made: ", made, 20);
        line_write(out, 45, 3, "录制 Recorded: ", first[0] ? times : "", 24);
        line_write(out, 51, 3, "", counts, 38);
        line_write(out, 57, 2.6, "核对 Verify: sha256sum -c manifest-sha256.txt", "", 0);
}

int label_write(FILE *out, const struct contents *c, const uint8_t manifest[DIGEST_SIZE])
{
        _cleanup_free_ char *text = NULL, *number = strdup(c->imprint->number);
        char hex[DIGEST_HEX_SIZE];

        if (!number)
                return -ENOMEM;
        text_make_printable(number);
        if (asprintf(&text, "recdock:%.100s\nsha256:%s", number, text_hex(manifest, DIGEST_SIZE, hex)) < 0)
                return -ENOMEM;
        (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
                    "width=\"100mm\" "
                    "height=\"60mm\" viewBox=\"0 0 100 60\" font-family=\"'Noto Sans CJK SC','Source Han "
                    "Sans SC',"
                    "'Microsoft YaHei',sans-serif\">\n<rect x=\".2\" y=\".2\" width=\"99.6\" "
                    "height=\"59.6\" "
                    "rx=\"2\" fill=\"#fff\" stroke=\"#1b1f24\" stroke-width=\".3\"/>\n",
                    out);
        text_write(out, c);
        if (code_write(out, text, 68, 28, 30) < 0)
                return -EINVAL;
        (void)fputs("</svg>\n", out);
        return 0;
}
