// SPDX-License-Identifier: LGPL-2.1-or-later
/* See volume_charset.h and volume.h. Code page 437 has a character for every byte, so it is what is left
 * when the bytes are not GBK. */
#include "recorder/ums/volume_charset.h"

#include "base/text.h"

#include <iconv.h>
#include <string.h>

#define NOT_OPEN ((iconv_t)-1)

struct volume_charset {
        iconv_t gbk, cp437;
};

void volume_charset_free(struct volume_charset *c)
{
        if (!c)
                return;
        if (c->gbk != NOT_OPEN)
                (void)iconv_close(c->gbk);
        if (c->cp437 != NOT_OPEN)
                (void)iconv_close(c->cp437);
        free(c);
}

static bool convert(iconv_t cd, const uint8_t *bytes, size_t n, char *ret, size_t size)
{
        char in[16], *from = in, *to = ret;
        size_t left = n, room = size - 1;

        if (n > sizeof(in))
                return false;
        memcpy(in, bytes, n);
        (void)iconv(cd, NULL, NULL, NULL, NULL);
        if (iconv(cd, &from, &left, &to, &room) != 0 || left != 0)
                return false;
        *to = '\0';
        return true;
}

int volume_charset_new(struct volume_charset **ret)
{
        _cleanup_(volume_charset_freep) struct volume_charset *c = calloc(1, sizeof(*c));
        char text[8];

        if (!c)
                return -ENOMEM;
        c->gbk = iconv_open("UTF-8", "GBK");
        c->cp437 = iconv_open("UTF-8", "CP437");
        if (c->gbk == NOT_OPEN || c->cp437 == NOT_OPEN)
                return -errno;
        /* The first conversion may load as well. */
        if (!convert(c->gbk, (const uint8_t *)"\xbe\xaf", 2, text, sizeof(text)) ||
            !convert(c->cp437, (const uint8_t *)"\x81", 1, text, sizeof(text)))
                return -EILSEQ;
        *ret = TAKE_PTR(c);
        return 0;
}

/* Replaces the rest of what is not ASCII. */
static void ascii_copy(const uint8_t *bytes, size_t n, char *ret, size_t size)
{
        size_t used = 0;

        for (size_t i = 0; i < n && used + 4 <= size; i++) {
                if (bytes[i] < 0x80) {
                        ret[used++] = (char)bytes[i];
                } else {
                        memcpy(ret + used, "\xef\xbf\xbd", 3);
                        used += 3;
                }
        }
        ret[used] = '\0';
}

void volume_charset_decode(struct volume_charset *c, const uint8_t *bytes, size_t n, char *ret, size_t size)
{
        if (!c || (!convert(c->gbk, bytes, n, ret, size) && !convert(c->cp437, bytes, n, ret, size)))
                ascii_copy(bytes, n, ret, size);
        text_make_printable(ret);
}
