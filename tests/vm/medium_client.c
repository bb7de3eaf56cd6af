// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Asks recdock-medium, by the link that recdockd has, and prints what becomes of it:
 *
 *   medium-client init PORT ext4|exfat LABEL [FORCE]    and registers what was made
 *   medium-client open UUID COMMAND                     runs it by the shell, in the medium's root folder
 *
 * "made UUID TYPE SERIAL SIZE", "opened TYPE SERIAL SIZE", "released ERROR", or "refused ERROR TEXT". Exit
 * status 0 whatever the answer is.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/medium/medium_messages.h"
#include "daemon/medium_link.h"
#include "rules/usb_kind.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

static struct medium_link *l;
static sd_event *event;
static const char *command;

static void facts_print(const char *word, const struct medium_facts *f)
{
        printf("%s %s %s %s %" PRIu64 "\n", word, f->uuid, f->type, f->serial[0] ? f->serial : "-", f->size);
        (void)fflush(stdout);
}

static void end(const char *word, int error, const char *why)
{
        printf("%s %d%s%s\n", word, error, why[0] ? " " : "", why);
        (void)sd_event_exit(event, EXIT_SUCCESS);
}

static void on_released(void *userdata, int error)
{
        end("released", error, "");
}

/* Nothing of the medium is open when the command has ended. */
static void on_opened(void *userdata, int error, int root_fd)
{
        int home = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (error < 0) {
                end("refused", error, medium_link_why(l));
                return;
        }
        facts_print("opened", medium_link_facts(l));
        medium_link_on_released(l, on_released);
        if (home < 0 || fchdir(root_fd) < 0)
                exit(EXIT_FAILURE);
        (void)setenv("PWD", "/proc/self/cwd", 1); /* it has no path that a shell could find */
        printf("command %d\n", system(command));
        if (fchdir(home) < 0)
                exit(EXIT_FAILURE);
        (void)close(home);
        (void)close(root_fd);
        medium_link_close(l);
}

static void register_it(const char *uuid)
{
        static const char folder[] = RECDOCK_STATEDIR "/" KNOWN_MEDIA;
        char path[sizeof(folder) + MEDIUM_UUID_MAX + 1];

        (void)mkdir(folder, 0750);
        (void)snprintf(path, sizeof(path), "%s/%s", folder, uuid);
        (void)close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
}

static void on_made(void *userdata, int error, const struct medium_facts *facts)
{
        if (error < 0) {
                end("refused", error, medium_link_why(l));
                return;
        }
        register_it(facts->uuid);
        facts_print("made", facts);
        (void)sd_event_exit(event, EXIT_SUCCESS);
}

static int ask(int argc, char *argv[])
{
        struct medium_init request = {0};

        if (argc == 4 && strcmp(argv[1], "open") == 0) {
                command = argv[3];
                return medium_link_open(&l, event, argv[2], on_opened, NULL);
        }
        if (argc < 5 || strcmp(argv[1], "init") != 0)
                return -EINVAL;
        (void)text_copy(request.place.port, sizeof(request.place.port), argv[2]);
        request.format = strcmp(argv[3], "ext4") == 0 ? MEDIUM_EXT4 : MEDIUM_EXFAT;
        (void)text_copy(request.label, sizeof(request.label), argv[4]);
        (void)text_copy(request.force, sizeof(request.force), argc > 5 ? argv[5] : "");
        return medium_link_init(&l, event, &request, on_made, NULL);
}

int main(int argc, char *argv[])
{
        int r = sd_event_new(&event);

        if (r >= 0)
                r = ask(argc, argv);
        if (r >= 0)
                return sd_event_loop(event);
        fprintf(stderr, "not asked: %s\n", log_errno_text(r));
        return EXIT_FAILURE;
}
