/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What recdockd tells recdock-alert over base/message.h: one connection, one ALERT, and nothing back. All of
 * it is text, made as a hook gets it in its environment: printable, UTF-8, terminated. The socket's backlog
 * is the queue, kept by the service manager across the life of recdock-alert; where it is full recdockd does
 * not wait.
 */

#define ALERT_SOCKET "/run/recdock-alert"

enum alert_message_type {
        ALERT_TOLD = 1, /* struct alert_message */
};

struct alert_message {
        char id[24]; /* "0": it is not on record, the catalogue has no room */
        char kind[64];
        char severity[16];
        char state[16];
        char subject[256];
        char since[72];
        char count[24];
        char text[1024];
        char by[256];    /* who acknowledged or cleared it, "" */
        char note[1024]; /* what they said */
        char station[64];
};
