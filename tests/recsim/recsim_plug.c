// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading "NAME key=value …". Nothing is changed before the whole line has been understood.
 */

#include "recsim_plug.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int recsim_words_split(char *line, char **words)
{
        char *out = line;
        int n = 0;

        while (*line) {
                bool quoted = false;

                line += strspn(line, " \t\r");
                if (!*line)
                        break;
                if (n == RECSIM_WORDS_MAX)
                        return -EINVAL;
                words[n++] = out;
                for (; *line && (quoted || !strchr(" \t\r", *line)); line++) {
                        if (*line == '"')
                                quoted = !quoted;
                        else if (*line == '\\' && line[1])
                                *out++ = *++line;
                        else
                                *out++ = *line;
                }
                if (quoted)
                        return -EINVAL;
                if (*line)
                        line++;
                *out++ = '\0';
        }
        return n;
}

static int plug_setting(struct recsim_profile *p, struct recsim_faults *f, char *word, char *why)
{
        char *value = strchr(word, '=');
        struct recsim_fault fault;
        int r;

        if (!value) {
                (void)snprintf(why, RECSIM_WHY_MAX, "'%.80s': expected key=value", word);
                return -EINVAL;
        }
        *value++ = '\0';
        if (strcmp(word, "fault") != 0)
                return recsim_profile_set(p, word, value, why);
        r = recsim_fault_parse(value, &fault, why);
        if (r == 0)
                r = recsim_faults_add(f, &fault);
        if (r == -ENOSPC)
                (void)snprintf(why, RECSIM_WHY_MAX, "fault: more than %d", RECSIM_FAULTS_MAX);
        return r;
}

int recsim_plug_parse(char **words, int n, struct recsim_profile *ret, struct recsim_faults *ret_faults,
                      char *why)
{
        struct recsim_profile profile;
        struct recsim_faults faults = {0};

        recsim_profile_init(&profile);
        for (int i = 0; i < n; i++) {
                int r = plug_setting(&profile, &faults, words[i], why);

                if (r < 0)
                        return r;
        }
        *ret = profile;
        *ret_faults = faults;
        return 0;
}
