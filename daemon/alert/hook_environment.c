// SPDX-License-Identifier: LGPL-2.1-or-later
/* The environment of hooks; see hook_environment.h. */
#include "daemon/alert/hook_environment.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct {
        const char *name;
        size_t offset, size;
} members[] = {
#define MEMBER(name, member)                                                                              \
        {                                                                                                 \
                name, offsetof(struct alert_message, member), sizeof(((struct alert_message *)0)->member) \
        }
                MEMBER("RECDOCK_ALERT_ID", id),
                MEMBER("RECDOCK_ALERT_KIND", kind),
                MEMBER("RECDOCK_ALERT_SEVERITY", severity),
                MEMBER("RECDOCK_ALERT_STATE", state),
                MEMBER("RECDOCK_ALERT_SUBJECT", subject),
                MEMBER("RECDOCK_ALERT_SINCE", since),
                MEMBER("RECDOCK_ALERT_COUNT", count),
                MEMBER("RECDOCK_ALERT_TEXT", text),
                MEMBER("RECDOCK_ALERT_BY", by),
                MEMBER("RECDOCK_ALERT_NOTE", note),
                MEMBER("RECDOCK_STATION", station),
#undef MEMBER
};

/* systemd.exec(5), and what would stand in the place of an alert's. */
static bool is_inherited(const char *entry)
{
        static const char *const private[] = {"LISTEN_", "NOTIFY_SOCKET=", "WATCHDOG_", "RECDOCK_"};

        for (size_t i = 0; i < ELEMENTSOF(private); i++)
                if (strncmp(entry, private[i], strlen(private[i])) == 0)
                        return false;
        return true;
}

static char *member_text(const struct alert_message *m, size_t i)
{
        _cleanup_free_ char *value = strndup((const char *)m + members[i].offset, members[i].size - 1);
        char *entry;

        if (!value)
                return NULL;
        text_make_printable(value);
        return asprintf(&entry, "%s=%s", members[i].name, value) < 0 ? NULL : entry;
}

void hook_environment_free(char **environment)
{
        for (size_t i = 0; environment && environment[i]; i++)
                free(environment[i]);
        free(environment);
}

char **hook_environment_new(const struct alert_message *m)
{
        size_t inherited = 0, n = 0;
        char **list;

        while (environ[inherited])
                inherited++;
        list = calloc(inherited + ELEMENTSOF(members) + 1, sizeof(*list));
        for (size_t i = 0; list && i < inherited + ELEMENTSOF(members); i++) {
                if (i < inherited && !is_inherited(environ[i]))
                        continue;
                list[n] = i < inherited ? strdup(environ[i]) : member_text(m, i - inherited);
                if (!list[n++]) {
                        hook_environment_free(list);
                        return NULL;
                }
        }
        return list;
}
