// SPDX-License-Identifier: LGPL-2.1-or-later
/* ASC MHL; see hash_list.h. Numbers in brackets are sections of its specification. */
#include "archive/hash_list.h"
#include "archive/layout.h"
#include "base/cleanup.h"
#include "base/markup.h"

#include <inttypes.h>
#include <openssl/bn.h>
#include <string.h>
#include <time.h>

/* What is left of the 64 characters of a name beside the numbering, the time and the extension: a longer
 * number is cut. */
enum { NUMBER_UNITS = LAYOUT_NAME_UNITS - 28 };

DEFINE_CLEANUP(BIGNUM *, BN_free);

static const char base58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

int c4_format(const uint8_t sha512[SHA512_SIZE], char ret[C4_LENGTH + 1])
{
        _cleanup_(BN_freep) BIGNUM *n = BN_bin2bn(sha512, SHA512_SIZE, NULL);

        if (!n)
                return -ENOMEM;
        for (size_t i = C4_LENGTH; i > 2; i--) {
                BN_ULONG digit = BN_div_word(n, sizeof(base58) - 1);

                if (digit == (BN_ULONG)-1)
                        return -ENOMEM;
                ret[i - 1] = base58[digit];
        }
        memcpy(ret, "c4", 2);
        ret[C4_LENGTH] = '\0';
        return 0;
}

/* [6.3] The folder that is covered is the volume's, which has its number for a name; the time is UTC. */
void hash_list_path(const struct archive_imprint *imprint, char ret[HASH_LIST_PATH_MAX])
{
        const time_t made = (time_t)(imprint->made_at / USEC_PER_SEC);
        char number[3 * NUMBER_UNITS + 1], utc[32] = "";
        struct tm tm;

        layout_component(imprint->number, NUMBER_UNITS, number);
        if (gmtime_r(&made, &tm))
                (void)strftime(utc, sizeof(utc), "%Y-%m-%d_%H%M%SZ", &tm);
        (void)snprintf(ret, HASH_LIST_PATH_MAX, HASH_LIST_FOLDER "0001_%s_%s.mhl", number, utc);
}

static void element_write(FILE *out, const char *tag, const char *text)
{
        (void)fprintf(out, "    <%s>", tag);
        markup_text(out, text ? text : "");
        (void)fprintf(out, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

/* [6.4.5] "recdock 1.2" is a tool and its version. */
static void tool_write(FILE *out, const char *version)
{
        const size_t name = strcspn(version, " ");

        (void)fputs("    <tool version=\"", out);
        markup_text(out, version[name] ? version + name + 1 : "");
        (void)fprintf(out, "\">%.*s</tool>\n", (int)name, version);
}

/* [6.4.7] The tag manifest has the digest of the list, so the list cannot have that of the tag manifest. Its
 * name is not anchored, as a leading slash would do it, since the format's reference implementation does not
 * know that. The other patterns are the format's own [5.6.1.2]. */
void hash_list_begin(FILE *out, const struct archive_imprint *imprint)
{
        char made[INSTANT_TEXT_MAX];

        (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                    "<hashlist version=\"2.0\" xmlns=\"urn:ASC:MHL:v2.0\">\n  <creatorinfo>\n",
                    out);
        element_write(out, "creationdate", instant_format(imprint->made_at, made));
        element_write(out, "hostname", imprint->station);
        tool_write(out, imprint->version);
        if (imprint->custodian && imprint->custodian[0])
                element_write(out, "author role=\"custodian\"", imprint->custodian);
        element_write(out, "comment", "The proof of this volume is the bag around it: see README.txt");
        (void)fputs("  </creatorinfo>\n  <processinfo>\n    <process>transfer</process>\n    <ignore>\n"
                    "      <pattern>.DS_Store</pattern>\n      <pattern>ascmhl</pattern>\n"
                    "      <pattern>ascmhl/</pattern>\n"
                    "      <pattern>tagmanifest-sha256.txt</pattern>\n"
                    "    </ignore>\n  </processinfo>\n  <hashes>\n",
                    out);
}

void hash_list_end(FILE *out)
{
        (void)fputs("  </hashes>\n</hashlist>\n", out);
}

/* The empty digest, and where it is. */
static int64_t place_write(FILE *out)
{
        const off_t place = ftello(out);

        if (place < 0)
                return -errno;
        (void)fprintf(out, "%0*d", C4_LENGTH, 0);
        return place;
}

/* [6.5] */
int64_t hash_list_file(FILE *out, const char *path, int64_t size)
{
        int64_t place;

        (void)fprintf(out, "    <hash>\n      <path size=\"%" PRId64 "\">", size);
        markup_text(out, path);
        (void)fputs("</path>\n      <c4 action=\"original\">", out);
        place = place_write(out);
        (void)fputs("</c4>\n    </hash>\n", out);
        return place;
}

/* [7] */
int64_t hash_list_chain(FILE *out, const struct archive_imprint *imprint)
{
        char path[HASH_LIST_PATH_MAX];
        int64_t place;

        hash_list_path(imprint, path);
        (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                    "<ascmhldirectory xmlns=\"urn:ASC:MHL:DIRECTORY:v2.0\">\n"
                    "  <hashlist sequencenr=\"1\">\n    <path>",
                    out);
        markup_text(out, path + strlen(HASH_LIST_FOLDER));
        (void)fputs("</path>\n    <c4>", out);
        place = place_write(out);
        (void)fputs("</c4>\n  </hashlist>\n</ascmhldirectory>\n", out);
        return place;
}
