// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Calls over sd-bus. Rows come through a socket pair: the station writes lines while its method is under
 * way, so nothing of a large answer is held here, and a reader that is slow holds up only its own query. The
 * reply comes after the last line.
 */
#include "cli/client.h"
#include "cli/translate.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "daemon/bus_names.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

DEFINE_CLEANUP(json_object *, json_object_put);

enum { COMPLAINT_MAX = 8 * 1024 };

struct answer {
        bool arrived;
        int exit_code;
};

void complain(const char *format, ...)
{
        char text[COMPLAINT_MAX];
        va_list ap;

        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        /* Names of files are whoever's who wrote the card, and this may be a terminal. */
        text_make_printable(text);
        (void)fprintf(stderr, "recdockctl: %s\n", text);
}

int client_open(sd_bus **ret)
{
        int r = sd_bus_open_system_with_description(ret, "recdockctl");

        if (r < 0) {
                complain(_("the system bus cannot be reached: %s"), strerror(-r));
                return r == -EACCES || r == -EPERM ? EXIT_DENIED : EXIT_UNREACHABLE;
        }
        return EXIT_OK;
}

struct error_meaning {
        const char *name;
        enum exit_code code;
};

static const struct error_meaning meanings[] = {
                {RECDOCK_ERROR_DENIED, EXIT_DENIED},
                {RECDOCK_ERROR_NOT_FOUND, EXIT_NOT_FOUND},
                {RECDOCK_ERROR_INVALID, EXIT_REFUSED},
                {RECDOCK_ERROR_EXISTS, EXIT_REFUSED},
                {RECDOCK_ERROR_CONFLICT, EXIT_REFUSED},
                {SD_BUS_ERROR_SERVICE_UNKNOWN, EXIT_UNREACHABLE},
                {SD_BUS_ERROR_NAME_HAS_NO_OWNER, EXIT_UNREACHABLE},
                {SD_BUS_ERROR_NO_REPLY, EXIT_UNREACHABLE},
                {SD_BUS_ERROR_DISCONNECTED, EXIT_UNREACHABLE},
                {SD_BUS_ERROR_ACCESS_DENIED, EXIT_DENIED},
};

static enum exit_code code_of(int r, const sd_bus_error *error)
{
        for (size_t i = 0; error && error->name && i < ELEMENTSOF(meanings); i++)
                if (strcmp(meanings[i].name, error->name) == 0)
                        return meanings[i].code;
        if (r == -ECONNRESET || r == -ENOTCONN || r == -ESHUTDOWN)
                return EXIT_UNREACHABLE;
        return EXIT_OTHER;
}

int client_report(int r, const sd_bus_error *error)
{
        enum exit_code code = code_of(r, error);
        bool from_station = error && error->name &&
                            strncmp(error->name, RECDOCK_BUS_NAME ".", strlen(RECDOCK_BUS_NAME) + 1) == 0;

        if (from_station)
                complain("%s", error->message);
        else if (error && sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
                complain(_("recdockd went away before it answered"));
        else if (code == EXIT_UNREACHABLE)
                complain(_("recdockd is not there: nobody owns '%s' on the bus (is recdockd.service "
                           "running?)"),
                         RECDOCK_BUS_NAME);
        else if (code == EXIT_DENIED)
                complain(_("the bus does not let you speak to recdockd, expected root or a member of group "
                           "'recdock'"));
        else
                complain(_("the call failed: %s"), error && error->message ? error->message : strerror(-r));
        return (int)code;
}

static int message_new(sd_bus *bus, const char *method, sd_bus_message **ret)
{
        return sd_bus_message_new_method_call(bus, ret, RECDOCK_BUS_NAME, RECDOCK_BUS_PATH,
                                              RECDOCK_BUS_INTERFACE, method);
}

/* A bus without recdockd may not try to start it and wait: it is a service of its own. */
static int message_call(sd_bus *bus, sd_bus_message *m, sd_bus_message **ret_reply)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_message_set_auto_start(m, false);

        if (r >= 0)
                r = sd_bus_call(bus, m, UINT64_MAX, &error, ret_reply);
        return r < 0 ? client_report(r, &error) : EXIT_OK;
}

int client_call(sd_bus *bus, sd_bus_message **ret_reply, const char *method, const char *types, ...)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        va_list ap;
        int r;

        r = message_new(bus, method, &m);
        if (r >= 0 && types) {
                va_start(ap, types);
                r = sd_bus_message_appendv(m, types, ap);
                va_end(ap);
        }
        if (r < 0)
                return client_report(r, NULL);
        return message_call(bus, m, ret_reply);
}

int client_append_pairs(sd_bus_message *m, char kind, const struct query_filter *pairs, size_t n)
{
        bool dictionary = kind == 'e';
        int r = sd_bus_message_open_container(m, 'a', dictionary ? "{ss}" : "(ss)");

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = sd_bus_message_append(m, dictionary ? "{ss}" : "(ss)", pairs[i].key, pairs[i].value);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int client_call_fields(sd_bus *bus, sd_bus_message **ret_reply, const char *method,
                       const struct query_filter *fields, size_t n)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = message_new(bus, method, &m);
        if (r >= 0)
                r = client_append_pairs(m, 'e', fields, n);
        if (r < 0)
                return client_report(r, NULL);
        return message_call(bus, m, ret_reply);
}

int client_call_numbers(sd_bus *bus, sd_bus_message **ret_reply, const char *method, uint64_t first,
                        const uint64_t *numbers, size_t n)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = message_new(bus, method, &m);
        if (r >= 0)
                r = sd_bus_message_append(m, "t", first);
        if (r >= 0)
                r = sd_bus_message_append_array(m, 't', numbers, n * sizeof(*numbers));
        if (r < 0)
                return client_report(r, NULL);
        return message_call(bus, m, ret_reply);
}

int client_message(sd_bus *bus, const char *method, sd_bus_message **ret)
{
        int r = message_new(bus, method, ret);

        return r < 0 ? client_report(r, NULL) : EXIT_OK;
}

int client_call_message(sd_bus *bus, sd_bus_message *m, sd_bus_message **ret_reply)
{
        return message_call(bus, m, ret_reply);
}

int client_number(const char *what, const char *text, uint64_t *ret)
{
        int64_t n;

        if (text_to_int64(text, &n) < 0 || n <= 0) {
                complain(_("%s '%s' is not a number, expected one such as 17"), what, text);
                return EXIT_USAGE;
        }
        *ret = (uint64_t)n;
        return EXIT_OK;
}

int client_status(sd_bus *bus, json_object **ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *text;
        int r;

        r = client_call(bus, &reply, "GetStatus", NULL);
        if (r != EXIT_OK)
                return r;
        if (sd_bus_message_read(reply, "s", &text) < 0 || !(*ret = json_tokener_parse(text))) {
                complain(_("recdockd's status is not valid JSON"));
                return EXIT_OTHER;
        }
        return EXIT_OK;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        struct answer *answer = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(m);

        answer->arrived = true;
        if (error)
                answer->exit_code = client_report(-sd_bus_error_get_errno(error), error);
        return 0;
}

/* Sends the call and gives our end of the socket. The other end is the station's alone, so that the last
 * line is followed by an end. */
static int query_send(sd_bus *bus, const char *method, const char *noun, const struct query_filter *filters,
                      size_t n, struct answer *answer, sd_bus_slot **ret_slot, int *ret_fd)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        int pair[2], r;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        ours = pair[0];
        theirs = pair[1];
        r = message_new(bus, method, &m);
        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, false);
        if (r >= 0 && noun)
                r = sd_bus_message_append(m, "s", noun);
        if (r >= 0)
                r = client_append_pairs(m, 'r', filters, n);
        if (r >= 0)
                r = sd_bus_message_append(m, "h", theirs);
        if (r >= 0)
                r = sd_bus_call_async(bus, ret_slot, m, on_answer, answer, UINT64_MAX);
        if (r >= 0)
                r = sd_bus_flush(bus);
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(ours);
        return 0;
}

static int lines_read(int fd, client_line_fn *on_line, void *userdata)
{
        _cleanup_fclose_ FILE *stream = fdopen(fd, "r");
        _cleanup_free_ char *line = NULL;
        size_t room = 0;
        ssize_t n;

        if (!stream) {
                (void)fd_close(fd);
                return EXIT_OTHER;
        }
        while ((n = getline(&line, &room, stream)) > 0) {
                int r;

                /* Without its end it is the rest of a row that was cut off; the reply says why. */
                if (line[n - 1] != '\n')
                        break;
                line[n - 1] = '\0';
                r = on_line(userdata, line);
                if (r != EXIT_OK)
                        return r;
        }
        return EXIT_OK;
}

static int answer_wait(sd_bus *bus, struct answer *answer)
{
        while (!answer->arrived) {
                int r = sd_bus_process(bus, NULL);

                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
                if (r < 0 && r != -EINTR)
                        return client_report(r, NULL);
        }
        return answer->exit_code;
}

static int lines_call(sd_bus *bus, const char *method, const char *noun, const struct query_filter *filters,
                      size_t n, client_line_fn *on_line, void *userdata)
{
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
        struct answer answer = {.exit_code = EXIT_OK};
        int fd = -EBADF, r, code;

        r = query_send(bus, method, noun, filters, n, &answer, &slot, &fd);
        if (r < 0)
                return client_report(r, NULL);
        code = lines_read(fd, on_line, userdata);
        if (code != EXIT_OK)
                return code;
        return answer_wait(bus, &answer);
}

int client_query(sd_bus *bus, const char *noun, const struct query_filter *filters, size_t n,
                 client_line_fn *on_line, void *userdata)
{
        return lines_call(bus, noun ? "Query" : "Verify", noun, filters, n, on_line, userdata);
}

int client_lines(sd_bus *bus, const char *method, const struct query_filter *filters, size_t n,
                 client_line_fn *on_line, void *userdata)
{
        return lines_call(bus, method, NULL, filters, n, on_line, userdata);
}

static int rows_on_line(void *userdata, const char *line)
{
        json_object *row = json_tokener_parse(line);

        if (!row) {
                complain(_("a row of recdockd is not valid JSON: %s"), line);
                return EXIT_OTHER;
        }
        (void)json_object_array_add(userdata, row);
        return EXIT_OK;
}

int client_rows(sd_bus *bus, const char *noun, const struct query_filter *filters, size_t n,
                json_object **ret)
{
        _cleanup_(json_object_putp) json_object *rows = json_object_new_array();
        int r = client_query(bus, noun, filters, n, rows_on_line, rows);

        if (r != EXIT_OK)
                return r;
        *ret = TAKE_PTR(rows);
        return EXIT_OK;
}

int client_period_report(sd_bus *bus, const struct query_filter *filters, size_t n, json_object **ret)
{
        _cleanup_(json_object_putp) json_object *rows = json_object_new_array();
        int r = lines_call(bus, "Report", NULL, filters, n, rows_on_line, rows);

        if (r != EXIT_OK)
                return r;
        if (!json_object_is_type(json_object_array_get_idx(rows, 0), json_type_object)) {
                complain(_("recdockd's report is not one JSON object"));
                return EXIT_OTHER;
        }
        *ret = json_object_get(json_object_array_get_idx(rows, 0));
        return EXIT_OK;
}
