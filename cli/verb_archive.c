// SPDX-License-Identifier: LGPL-2.1-or-later
/* "archive": long-term copies on media. What is due and where it goes, the register of media and volumes;
 * single volumes are in verb_archive_volume.c. */
#include "cli/listing.h"
#include "cli/source.h"
#include "cli/translate.h"
#include "cli/verb_functions.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

DEFINE_CLEANUP(json_object *, json_object_put);

static int plan_on_line(void *userdata, const char *line)
{
        json_object *row = json_tokener_parse(line);

        if (!row) {
                complain(_("recdockd's answer cannot be read"));
                return EXIT_OTHER;
        }
        (void)json_object_array_add(userdata, row);
        return EXIT_OK;
}

int verb_archive_plan(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"medium", N_("MEDIUM"), COLUMN_TEXT}, {"files", N_("FILES"), COLUMN_NUMBER},
                        {"cases", N_("CASES"), COLUMN_NUMBER}, {"bytes", N_("BYTES"), COLUMN_BYTES},
                        {"free", N_("FREE"), COLUMN_BYTES},    {"path", N_("FOLDER"), COLUMN_TEXT},
                        {"reason", N_("REASON"), COLUMN_TEXT},
        };
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(json_object_putp) json_object *rows = json_object_new_array();
        int r = client_open(&bus);

        if (r == EXIT_OK)
                r = client_lines(bus, "PlanArchive", NULL, 0, plan_on_line, rows);
        if (r != EXIT_OK)
                return r;
        if (inv->json)
                (void)puts(json_object_to_json_string_ext(
                                rows, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
        else if (table_print(stdout, rows, columns, ELEMENTSOF(columns), !inv->no_legend) < 0)
                return EXIT_OTHER;
        return EXIT_OK;
}

/* One row of an answer, parsed. */
static int answer_read(sd_bus_message *reply, json_object **ret)
{
        const char *text;

        if (sd_bus_message_read(reply, "s", &text) >= 0 && (*ret = json_tokener_parse(text)))
                return EXIT_OK;
        complain(_("recdockd's answer cannot be read"));
        return EXIT_OTHER;
}

static int ended_print(const struct invocation *inv, json_object *row)
{
        static const struct column columns[] = {
                        {"number", N_("Volume"), COLUMN_TEXT}, {"medium", N_("Medium"), COLUMN_TEXT},
                        {"state", N_("State"), COLUMN_STATE},  {"files", N_("Files"), COLUMN_NUMBER},
                        {"bytes", N_("Bytes"), COLUMN_BYTES},  {"reason", N_("Reason"), COLUMN_TEXT},
        };
        json_object *state = json_member(row, "state");

        if (inv->json)
                json_print_one(row);
        else if (record_print(stdout, row, columns, ELEMENTSOF(columns)) < 0)
                return EXIT_OTHER;
        return state && strcmp(json_object_get_string(state), "written") == 0 ? EXIT_OK : EXIT_BAD;
}

static int footage_parse(const char *text, uint64_t *ret)
{
        char *end;

        errno = 0;
        *ret = strtoull(text, &end, 10);
        if (errno == 0 && end != text && *end == '\0' && text[0] >= '0' && text[0] <= '9' && *ret > 0)
                return EXIT_OK;
        complain(_("--footage='%s': expected the number of a footage, such as 12"), text);
        return EXIT_USAGE;
}

static int given_start(sd_bus *bus, sd_bus_message **ret, const char *footage, const char *path,
                       const char *drive, int wait)
{
        _cleanup_close_ int fd = -EBADF;
        uint64_t id;
        int r = footage_parse(footage, &id);

        if (r != EXIT_OK)
                return r;
        fd = source_open(path);
        if (fd < 0)
                return EXIT_USAGE;
        return client_call(bus, ret, "StartArchiveFrom", "tshsb", id, path, fd, drive, wait);
}

int verb_archive_start(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(json_object_putp) json_object *row = NULL;
        const char *number = invocation_option(inv, "case"), *unit = invocation_option(inv, "unit"),
                   *drive = invocation_option(inv, "drive"), *footage = invocation_option(inv, "footage"),
                   *source = invocation_option(inv, "source");
        const int wait = invocation_option(inv, "wait") != NULL;
        int r;

        if (!footage != !source || (footage && number)) {
                complain(_("expected --footage and --source together, and no --case with them"));
                return EXIT_USAGE;
        }
        r = client_open(&bus);
        if (r == EXIT_OK && footage)
                r = given_start(bus, &reply, footage, source, drive ? drive : "", wait);
        else if (r == EXIT_OK)
                r = client_call(bus, &reply, "StartArchive", "sssb", number ? number : "", unit ? unit : "",
                                drive ? drive : "", wait);
        if (r == EXIT_OK)
                r = answer_read(reply, &row);
        if (r != EXIT_OK)
                return r;
        if (wait)
                return ended_print(inv, row);
        if (inv->json)
                (void)puts("[]");
        else
                (void)printf(_("a volume has begun, see 'recdockctl archive status'\n"));
        return EXIT_OK;
}

int verb_archive_status(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"due_files", N_("Files due"), COLUMN_NUMBER},
                        {"due_bytes", N_("Bytes due"), COLUMN_BYTES},
                        {"due_cases", N_("Cases due"), COLUMN_NUMBER},
                        {"copies", N_("Copies wanted"), COLUMN_NUMBER},
                        {"auto", N_("Begins by itself"), COLUMN_YES_NO},
                        {"running.volume", N_("Volume"), COLUMN_TEXT},
                        {"running.medium", N_("Medium"), COLUMN_TEXT},
                        {"running.phase", N_("Phase"), COLUMN_STATE},
                        {"running.bytes", N_("Bytes done"), COLUMN_BYTES},
                        {"running.bytes_total", N_("Bytes in all"), COLUMN_BYTES},
                        {"running.held", N_("Held by offloads"), COLUMN_YES_NO},
        };

        return status_part_print(inv, "archive", _("the station does not tell of its archive"), columns,
                                 ELEMENTSOF(columns), NULL);
}

int verb_archive_list(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"number", N_("VOLUME"), COLUMN_TEXT},
                        {"medium", N_("MEDIUM"), COLUMN_TEXT},
                        {"state", N_("STATE"), COLUMN_STATE},
                        {"written_at", N_("WRITTEN"), COLUMN_TIME},
                        {"files", N_("FILES"), COLUMN_NUMBER},
                        {"bytes", N_("BYTES"), COLUMN_BYTES},
                        {"checked_at", N_("CHECKED"), COLUMN_TIME},
                        {"check_result", N_("RESULT"), COLUMN_STATE},
                        {"check_at", N_("NEXT CHECK"), COLUMN_TIME},
                        {"place", N_("PLACE"), COLUMN_TEXT},
                        {"reason", N_("REASON"), COLUMN_TEXT},
        };

        return listing_print(inv, "volume", columns, ELEMENTSOF(columns));
}

int verb_archive_media(const struct invocation *inv)
{
        static const struct column columns[] = {
                        {"number", N_("MEDIUM"), COLUMN_TEXT},
                        {"kind", N_("KIND"), COLUMN_TEXT},
                        {"type", N_("TYPE"), COLUMN_TEXT},
                        {"state", N_("STATE"), COLUMN_STATE},
                        {"capacity", N_("CAPACITY"), COLUMN_BYTES},
                        {"volumes", N_("VOLUMES"), COLUMN_NUMBER},
                        {"files", N_("FILES"), COLUMN_NUMBER},
                        {"since", N_("SINCE"), COLUMN_TIME},
                        {"check_at", N_("NEXT CHECK"), COLUMN_TIME},
                        {"place", N_("PLACE"), COLUMN_TEXT},
                        {"path", N_("FOLDER"), COLUMN_TEXT},
                        {"reason", N_("REASON"), COLUMN_TEXT},
        };

        return listing_print(inv, "medium", columns, ELEMENTSOF(columns));
}

/* recdockd has another working directory. */
static int path_absolute(const char *typed, char ret[PATH_MAX])
{
        if (typed[0] == '\0' || typed[0] == '/') {
                (void)snprintf(ret, PATH_MAX, "%s", typed);
                return EXIT_OK;
        }
        if (realpath(typed, ret))
                return EXIT_OK;
        complain(_("there is no folder '%s'"), typed);
        return EXIT_USAGE;
}

/* The station is told the device's number: what a node is called is this shell's affair. */
static int device_number(const char *node, unsigned int *ret_major, unsigned int *ret_minor)
{
        struct stat st;

        if (stat(node, &st) < 0) {
                complain(_("'%s' cannot be looked at: %s"), node, strerror(errno));
                return EXIT_USAGE;
        }
        if (!S_ISBLK(st.st_mode)) {
                complain(_("'%s' is no disk: expected a block device such as /dev/sdb"), node);
                return EXIT_USAGE;
        }
        *ret_major = major(st.st_rdev);
        *ret_minor = minor(st.st_rdev);
        return EXIT_OK;
}

static const char *option_or_empty(const struct invocation *inv, const char *name)
{
        const char *value = invocation_option(inv, name);

        return value ? value : "";
}

static int disk_make(const struct invocation *inv, sd_bus *bus, sd_bus_message **ret_reply)
{
        const char *device = invocation_option(inv, "device");
        unsigned int disk[2] = {0, 0};
        int r = device ? device_number(device, &disk[0], &disk[1]) : EXIT_OK;

        if (r != EXIT_OK)
                return r;
        return client_call(bus, ret_reply, "MakeMedium", "suusssss", option_or_empty(inv, "port"), disk[0],
                           disk[1], option_or_empty(inv, "format"), option_or_empty(inv, "label"),
                           option_or_empty(inv, "force"), option_or_empty(inv, "number"),
                           option_or_empty(inv, "place"));
}

static int folder_make(const struct invocation *inv, sd_bus *bus, sd_bus_message **ret_reply)
{
        char path[PATH_MAX];
        int r = path_absolute(inv->n_args > 0 ? inv->args[0] : "", path);

        if (r != EXIT_OK)
                return r;
        return client_call(bus, ret_reply, "InitMedium", "sss", path, option_or_empty(inv, "number"),
                           option_or_empty(inv, "place"));
}

/* Options of a disk say nothing of a folder: not taken for what they do not mean. */
static int init_check(const struct invocation *inv)
{
        static const char *const of_disk[] = {"format", "label", "force"};
        const bool port = invocation_option(inv, "port"), device = invocation_option(inv, "device");

        if ((port && device) || ((port || device) && inv->n_args > 0)) {
                complain(_("expected one of --port, --device and a folder"));
                return EXIT_USAGE;
        }
        for (size_t i = 0; i < ELEMENTSOF(of_disk) && !port && !device; i++)
                if (invocation_option(inv, of_disk[i])) {
                        complain(_("--%s is of a disk: expected --port or --device with it"), of_disk[i]);
                        return EXIT_USAGE;
                }
        return EXIT_OK;
}

int verb_archive_init(const struct invocation *inv)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *number;
        int r = init_check(inv);

        if (r == EXIT_OK)
                r = client_open(&bus);
        if (r == EXIT_OK)
                r = invocation_option(inv, "port") || invocation_option(inv, "device")
                                    ? disk_make(inv, bus, &reply)
                                    : folder_make(inv, bus, &reply);
        if (r != EXIT_OK)
                return r;
        if (sd_bus_message_read(reply, "s", &number) < 0) {
                complain(_("recdockd's answer cannot be read"));
                return EXIT_OTHER;
        }
        if (inv->json)
                done_print(inv, "medium", number, 0);
        else
                (void)printf(_("medium %s is registered\n"), number);
        return EXIT_OK;
}
