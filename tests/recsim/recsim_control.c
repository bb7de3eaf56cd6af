// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Commands of the test bed, and the small client that sends them. A command is checked as a whole before it
 * changes anything; the answer to "plug" comes when the events are out, so that a script needs no pauses.
 */

#include "recsim_control.h"

#include "recsim_buffer.h"
#include "recsim_plug.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static char *answer(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *answer(const char *format, ...)
{
        char *text = NULL;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&text, format, ap) < 0)
                abort();
        va_end(ap);
        return text;
}

static char *command_plug(struct recsim_testbed *b, char **words, int n)
{
        struct recsim_profile profile;
        struct recsim_faults faults = {0};
        struct recsim_device *d = NULL;
        char why[RECSIM_WHY_MAX] = "";

        if (strlen(words[1]) >= RECSIM_NAME_MAX)
                return answer("error name '%.80s…': too long", words[1]);
        if (recsim_plug_parse(words + 2, n - 2, &profile, &faults, why) < 0 ||
            recsim_testbed_plug(b, words[1], &profile, &faults, &d, why) < 0)
                return answer("error %s", why);
        return answer("ok node=%s syspath=%s", recsim_device_node(d), recsim_device_syspath(d));
}

static char *command_unplug(struct recsim_testbed *b, char **words, int n)
{
        struct recsim_device *d = recsim_testbed_find(b, words[1]);

        (void)n;
        if (!d || recsim_testbed_unplug(b, d) < 0)
                return answer("error '%s' is not plugged", words[1]);
        return answer("ok");
}

static char *command_fault(struct recsim_testbed *b, char **words, int n)
{
        struct recsim_device *d = recsim_testbed_find(b, words[1]);
        struct recsim_fault fault;
        char why[RECSIM_WHY_MAX] = "";
        int r = 0;

        if (!d)
                return answer("error '%s': no such recorder", words[1]);
        if (n != 3)
                return answer("error fault: expected NAME and one fault, or clear");
        if (strcmp(words[2], "clear") == 0) {
                recsim_device_acquire(d)->faults.n = 0;
                recsim_device_release(d);
                return answer("ok");
        }
        r = recsim_fault_parse(words[2], &fault, why);
        if (r == 0) {
                r = recsim_fault(recsim_device_acquire(d), &fault, why);
                recsim_device_release(d);
        }
        return r < 0 ? answer("error %s", why) : answer("ok");
}

static char *command_set(struct recsim_testbed *b, char **words, int n)
{
        static const char *const living[] = {"battery",   "locked",   "claimed",  "clock",
                                             "rate",      "friendly", "proplist", "partial",
                                             "partial64", "split",    "zlp",      "capacity"};
        struct recsim_device *d = recsim_testbed_find(b, words[1]);
        char *value = n == 3 ? strchr(words[2], '=') : NULL;
        char why[RECSIM_WHY_MAX] = "";
        int r;

        if (!d)
                return answer("error '%s': no such recorder", words[1]);
        if (!value)
                return answer("error set: expected NAME and one key=value");
        *value++ = '\0';
        for (size_t i = 0; i < ELEMENTSOF(living); i++) {
                if (strcmp(words[2], living[i]) != 0)
                        continue;
                r = recsim_set(recsim_device_acquire(d), words[2], value, why);
                recsim_device_release(d);
                return r < 0 ? answer("error %s", why) : answer("ok");
        }
        return answer("error '%s' cannot be set while plugged", words[2]);
}

static char *command_switch(struct recsim_testbed *b, char **words, int n)
{
        struct recsim_device *d = recsim_testbed_find(b, words[1]);
        bool leaves;

        (void)n;
        if (!d || !recsim_device_plugged(d))
                return answer("error '%s' is not plugged", words[1]);
        recsim_leave_vendor_mode(recsim_device_acquire(d));
        recsim_device_release(d);
        leaves = recsim_device_acquire(d)->returns;
        recsim_device_release(d);
        if (!leaves)
                return answer("error '%s' is not in vendor mode", words[1]);
        recsim_testbed_sweep(b);
        d = recsim_testbed_find(b, words[1]);
        if (!d || !recsim_device_plugged(d))
                return answer("error '%s' did not come back", words[1]);
        return answer("ok node=%s syspath=%s", recsim_device_node(d), recsim_device_syspath(d));
}

static char *command_rescan(struct recsim_testbed *b, char **words, int n)
{
        struct recsim_device *d = recsim_testbed_find(b, words[1]);
        int r;

        (void)n;
        if (!d)
                return answer("error '%s': no such recorder", words[1]);
        r = recsim_rescan(recsim_device_acquire(d));
        recsim_device_release(d);
        return r < 0 ? answer("error rescan: %s", strerror(-r)) : answer("ok new=%d", r);
}

static char *command_stats(struct recsim_testbed *b, char **words, int n)
{
        struct recsim_device *d = recsim_testbed_find(b, words[1]);
        _cleanup_free_ char *json = NULL;

        (void)n;
        if (!d)
                return answer("error '%s': no such recorder", words[1]);
        json = recsim_stats_json(recsim_device_acquire(d));
        recsim_device_release(d);
        return answer("ok %s", json);
}

static char *command_list(struct recsim_testbed *b, char **words, int n)
{
        char *text = answer("ok");
        struct recsim_device *d;

        (void)words;
        (void)n;
        for (size_t i = 0; (d = recsim_testbed_device(b, i)); i++) {
                char *longer = answer("%s %s:%s:%u", text, recsim_device_name(d),
                                      recsim_device_plugged(d) ? recsim_device_node(d) : "out",
                                      recsim_device_clients(d));

                free(text);
                text = longer;
        }
        return text;
}

static const struct {
        const char *word;
        int words; /* at least */
        char *(*run)(struct recsim_testbed *b, char **words, int n);
} commands[] = {
                {"plug", 2, command_plug}, {"unplug", 2, command_unplug}, {"fault", 2, command_fault},
                {"set", 2, command_set},   {"rescan", 2, command_rescan}, {"stats", 2, command_stats},
                {"list", 1, command_list}, {"switch", 2, command_switch},
};

char *recsim_control_answer(struct recsim_testbed *b, const char *line, bool *ret_quit)
{
        _cleanup_free_ char *copy = recsim_copy(line);
        char *words[RECSIM_WORDS_MAX];
        int n = recsim_words_split(copy, words);

        if (n < 0)
                return answer("error quote left open, or more than %d words", RECSIM_WORDS_MAX);
        if (n == 0)
                return answer("error empty command");
        if (strcmp(words[0], "quit") == 0) {
                *ret_quit = true;
                return answer("ok");
        }
        for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
                if (strcmp(words[0], commands[i].word) != 0)
                        continue;
                if (n < commands[i].words)
                        return answer("error %s: expected the name of a recorder", words[0]);
                return commands[i].run(b, words, n);
        }
        return answer("error '%.60s': expected plug, unplug, fault, set, switch, rescan, stats, list or "
                      "quit",
                      words[0]);
}

static int client_connect(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd;

        if (!text_copy(address.sun_path, sizeof(address.sun_path), path))
                return -ENAMETOOLONG;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
                int r = -errno;

                (void)close(fd);
                return r;
        }
        return fd;
}

int recsim_control_send(const char *path, char **lines, int n)
{
        _cleanup_free_ char *reply = NULL;
        _cleanup_fclose_ FILE *f = NULL;
        size_t room = 0;
        int fd = client_connect(path);

        if (fd < 0) {
                (void)fprintf(stderr, "recsim-station: %s: %s\n", path, strerror(-fd));
                return EXIT_FAILURE;
        }
        f = fdopen(fd, "r+e");
        for (int i = 0; f && i < n; i++) {
                (void)fprintf(f, "%s\n", lines[i]);
                (void)fflush(f);
                if (getline(&reply, &room, f) <= 0) {
                        (void)fputs("recsim-station: the test bed is gone\n", stderr);
                        return EXIT_FAILURE;
                }
                if (strncmp(reply, "ok", 2) != 0) {
                        (void)fputs(reply, stderr);
                        return EXIT_FAILURE;
                }
                (void)fputs(reply, stdout);
        }
        return EXIT_SUCCESS;
}
