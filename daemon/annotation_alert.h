/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The alert "unannotated" (R-28-7), by unit: recorders change hands and there are hundreds, while a unit has
 * somebody whose work it is, and one list of what is left ("recdockctl list --annotated=no --unit=…"). It is
 * on "unit/NUMBER", and on "station" for footage without a unit. The deadline clock looks.
 *
 * Raised when footage has waited for longer than [Case] AnnotationGrace= after its offload; while it is open
 * and more comes due, raised again, which counts it and tells the number anew, once a day at most. Cleared
 * when none of the unit is left, and when [Case] Annotation= is no. Footage that was there before the
 * station first looked does not count (catalogue/annotation.h).
 */

#include "base/clock.h"

struct station;

/* One look at 'now'. *next is brought forward to when the next one is needed. Not inside a transaction. */
void annotation_look(struct station *s, instant_t now, instant_t *next);

/* Footage was filed just now: it will have to be annotated. */
void annotation_footage_filed(struct station *s);
